using System.CommandLine;
using Tersor.Engine.Kernels;
using Tersor.Representations;

namespace Tersor.Cli.Options;

/// <summary>What every verb takes that runs models: <c>--graph</c> for files that carry weights only, <c>--lenient</c>, <c>--threads</c> and <c>--memory-limit</c>.</summary>
internal sealed class EngineOptions
{
    private readonly Option<string?> _graph = new("--graph")
    {
        Description = "A model whose network is used for files that carry weights only (safetensors, npz, .nnc with --topology none); weights go to the names they have there.",
        HelpName = "MODEL",
    };

    private readonly Option<bool> _lenient = LenientOption.Create();
    private readonly ThreadsOption _threads = new("Threads of the computation");
    private readonly MemoryLimitOption _memory = new();

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(_graph);
        verb.Add(_lenient);
        _threads.AddTo(verb);
        _memory.AddTo(verb);
    }

    /// <summary>Bounds the heap from now on, and gives what the limit leaves for work that claims its memory piece by piece.</summary>
    public MemoryBudget LimitMemory(Invocation invocation)
    {
        _memory.Apply(invocation);
        return _memory.Budget(invocation);
    }

    /// <summary>Threads of the kernels: as many as asked for, or one per processor.</summary>
    public int Threads(Invocation invocation) => Math.Min(_threads.Resolve(invocation), KernelThreads.MaxCount);

    /// <summary>Opens a model of any readable format as a graph that the engine runs.</summary>
    /// <inheritdoc cref="Open(Invocation, IReadOnlyList{string}, MemoryBudget, int, Func{QuantizedMatrix, Representation}?)"/>
    public ExecutableModel Open(Invocation invocation, string path, MemoryBudget memory, int threads) => Open(invocation, [path], memory, threads)[0];

    /// <summary>Opens models of any readable format as graphs that the engine runs.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="paths">The files.</param>
    /// <param name="memory">Bounds the weights, which are all in memory afterwards.</param>
    /// <param name="threads">Compressed tensors decoded side by side.</param>
    /// <param name="hold">Puts weights into the form that they are run from; null where they are dense.</param>
    /// <returns>One model per path; the caller disposes them.</returns>
    /// <exception cref="CommandException">A file is missing; it carries no network and none is named; or one is named and every file has its own.</exception>
    /// <exception cref="Tersor.Models.UnsupportedModelException">The engine does not run a model; everything it does not run is named.</exception>
    public IReadOnlyList<ExecutableModel> Open(
        Invocation invocation, IReadOnlyList<string> paths, MemoryBudget memory, int threads, Func<QuantizedMatrix, Representation?>? hold = null)
    {
        string? graph = invocation.Value(_graph);
        bool lenient = invocation.Value(_lenient);
        List<ExecutableModel> models = [];
        try
        {
            foreach (string path in paths) models.Add(new ExecutableModel(invocation, path, graph, memory, threads, lenient, hold));
            if (graph is not null && models.TrueForAll(model => model.HasOwnGraph))
                throw CommandException.Usage($"{_graph.Name} is for files that carry weights only; a network is inside {string.Join(" and ", paths)}", "Drop the option.");
            return models;
        }
        catch
        {
            foreach (ExecutableModel model in models) model.Dispose();
            throw;
        }
    }
}
