using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor evaluate MODEL... --data SPEC</c>: how well models do on data, one beside the other.</summary>
internal sealed class EvaluateCommand : Verb
{
    private const int DefaultBatch = 64;

    private readonly Argument<string[]> _models = new("MODEL")
    {
        Description = "Models of any readable format, compressed ones included; the others are compared with the first. '-' reads stdin.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly DataOptions _data = new();
    private readonly Option<DataSplit?> _split = ValueOption.Choice(
        "--split",
        "Which part of the data; test if not given. An npz file is one set, which counts as test and as train.",
        [("test", DataSplit.Test), ("validation", DataSplit.Validation), ("train", DataSplit.Train)]);

    private readonly Option<int?> _limit = ValueOption.Integer("--limit", "Only the first samples of the split.", 1, int.MaxValue);
    private readonly Option<int?> _batch = ValueOption.Integer(
        "--batch", $"Samples per run; {DefaultBatch} if not given. A model that fixes its batch gets that.", 1, 1 << 20);

    private readonly PreprocessingOptions _preprocessing = new();
    private readonly GraphOption _graph = new();
    private readonly Option<bool> _lenient = LenientOption.Create();
    private readonly ThreadsOption _threads = new("Threads of the computation");
    private readonly MemoryLimitOption _memory = new();

    public EvaluateCommand()
        : base("evaluate", "Run models on data and measure them: top-1, top-5 and loss for classes, mean errors for targets.")
    {
        Add(_models);
        _data.AddTo(this);
        Add(_split);
        Add(_limit);
        Add(_batch);
        _preprocessing.AddTo(this);
        _graph.AddTo(this);
        Add(_lenient);
        _threads.AddTo(this);
        _memory.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        _memory.Apply(invocation);
        string[] paths = invocation.Value(_models);
        if (paths.Count(path => path == "-") > 1) throw CommandException.Usage("only one of the models can come from stdin");
        DataSource source = _data.Resolve(invocation);
        int threadCount = Math.Min(_threads.Resolve(invocation), KernelThreads.MaxCount);
        MemoryBudget budget = _memory.Budget(invocation);
        IReadOnlyList<ExecutableModel> models = _graph.Open(invocation, paths, budget, threadCount, invocation.Value(_lenient));
        try
        {
            SampleSet samples = Load(invocation, source, budget);
            using KernelThreads threads = new(threadCount);
            Evaluator[] evaluators = [.. models.Select(model => Plan(invocation, model, samples, threads, budget))];
            invocation.Print(writer => writer.WriteLine($"{samples.Name}: {Numbers.Count(samples.Count)} samples of {samples.SampleShape}"));
            Evaluate(invocation, models, evaluators, samples);
        }
        finally
        {
            foreach (ExecutableModel model in models) model.Dispose();
        }
    }

    private SampleSet Load(Invocation invocation, DataSource source, MemoryBudget budget)
    {
        DataSplit split = invocation.Value(_split) ?? DataSplit.Test;
        invocation.Progress.Report("load", source.Specification, 0, 0, Numbers.Count);
        SampleSet samples = source.Load(split);
        budget.Take(samples.MemoryBytes, $"the samples of {source.Specification}");
        if (invocation.Value(_limit) is int limit) samples = samples.Take(limit);
        invocation.Report["data"] = new JsonObject
        {
            ["spec"] = source.Specification,
            ["split"] = split.ToString().ToLowerInvariant(),
            ["samples"] = samples.Count,
            ["shape"] = TensorFields.Shape(samples.SampleShape),
        };
        return samples;
    }

    private Evaluator Plan(Invocation invocation, ExecutableModel model, SampleSet samples, KernelThreads threads, MemoryBudget budget)
    {
        int batch = Math.Max(1, Math.Min(invocation.Value(_batch) ?? DefaultBatch, samples.Count));
        Preprocessing preprocessing = _preprocessing.Resolve(invocation, model.Graph.Metadata, model.Path, samples);
        Evaluator evaluator = new(model.Graph, samples.SampleShape, preprocessing, threads, batch, budget.Left);
        evaluator.CheckFit(samples);
        budget.Take(evaluator.MemoryBytes, $"the intermediate results of {model.Path}");
        return evaluator;
    }

    private static void Evaluate(Invocation invocation, IReadOnlyList<ExecutableModel> models, Evaluator[] evaluators, SampleSet samples)
    {
        List<(string Path, long Bytes, Evaluation Result)> rows = [];
        JsonArray reported = [];
        invocation.Report["models"] = reported;
        for (int i = 0; i < models.Count; i++)
        {
            string path = models[i].Path;
            Evaluation result = evaluators[i].Run(samples, new SampleProgress(invocation.Progress, "evaluate", path, samples.Count), invocation.Cancellation);
            if (!double.IsFinite(result.Loss)) invocation.Warn($"{path}: some outputs are not finite numbers, and so is the loss");
            rows.Add((path, models[i].FileBytes, result));
            JsonObject fields = EvaluationText.Fields(result);
            fields["path"] = path;
            fields["bytes"] = models[i].FileBytes;
            if (i > 0) fields["change"] = EvaluationText.ChangeFields(rows[0].Result, result);
            reported.Add((JsonNode)fields);
        }

        // Whoever asks about one model need not look into a list.
        foreach ((string name, JsonNode? value) in EvaluationText.Fields(rows[0].Result)) invocation.Report[name] = value?.DeepClone();
        invocation.Report.Totals["models"] = rows.Count;
        invocation.Report.Totals["samples"] = samples.Count;
        invocation.Print(EvaluationText.Table(rows));
    }
}
