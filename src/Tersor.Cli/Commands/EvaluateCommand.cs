using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Engine.Data;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor evaluate MODEL... --data SPEC</c>: how well models do on data, one beside the other.</summary>
internal sealed class EvaluateCommand : Verb
{
    private readonly Argument<string[]> _models = new("MODEL")
    {
        Description = "Models of any readable format, compressed ones included; the others are compared with the first. '-' reads stdin.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly EvaluationOptions _evaluation = new(required: true);
    private readonly RepresentationOption _representation = new();
    private readonly EngineOptions _engine = new();

    public EvaluateCommand()
        : base("evaluate", "Run models on data and measure them: top-1, top-5 and loss for classes, mean errors for targets.")
    {
        Add(_models);
        _evaluation.AddTo(this);
        _representation.AddTo(this);
        _engine.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        MemoryBudget budget = _engine.LimitMemory(invocation);
        string[] paths = invocation.Value(_models);
        if (paths.Count(path => path == "-") > 1) throw CommandException.Usage("only one of the models can come from stdin");
        DataSource source = _evaluation.Resolve(invocation)!;
        int threads = _engine.Threads(invocation);
        using ModelComparison comparison = new(invocation, source, _evaluation, budget, threads);
        comparison.Add(_engine.Open(invocation, paths, budget, threads, _representation.Resolve(invocation)));
        comparison.Evaluate();
        comparison.Describe();

        // Whoever asks about one model need not look into a list.
        foreach ((string name, JsonNode? value) in comparison.FirstFields()) invocation.Report[name] = value?.DeepClone();
        invocation.Report.Totals["models"] = comparison.ModelCount;
        invocation.Report.Totals["samples"] = comparison.Samples.Count;
    }
}
