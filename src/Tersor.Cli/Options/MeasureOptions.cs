using System.CommandLine;

namespace Tersor.Cli.Options;

/// <summary>What verbs take that compress a model and measure what came of it: the data, <c>--lenient</c>, <c>--threads</c> and <c>--memory-limit</c>.</summary>
internal sealed class MeasureOptions
{
    private readonly Option<bool> _lenient = LenientOption.Create();
    private readonly ThreadsOption _threads = new();

    /// <summary>Takes whether models are measured always or only where <c>--data</c> is given.</summary>
    public MeasureOptions(bool required)
    {
        Evaluation = new EvaluationOptions(required);
    }

    /// <summary>The data, and how they become inputs.</summary>
    public EvaluationOptions Evaluation { get; }

    /// <summary>The bound on memory.</summary>
    public MemoryLimitOption Memory { get; } = new();

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        Evaluation.AddTo(verb);
        verb.Add(_lenient);
        _threads.AddTo(verb);
        Memory.AddTo(verb);
    }

    /// <summary>Whether readers tolerate what others tolerate.</summary>
    public bool IsLenient(Invocation invocation) => invocation.Value(_lenient);

    /// <summary>Tensors worked on side by side: as many as asked for, or one per processor.</summary>
    public int Threads(Invocation invocation) => _threads.Resolve(invocation);
}
