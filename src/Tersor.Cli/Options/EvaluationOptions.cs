using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Output;
using Tersor.Engine.Data;
using Tersor.Models;

namespace Tersor.Cli.Options;

/// <summary>On which samples models are judged, and how those become their inputs.</summary>
internal sealed class EvaluationOptions
{
    private const int DefaultBatch = 64;

    private readonly DataOptions _data;
    private readonly Option<DataSplit?> _split = ValueOption.Choice(
        "--split",
        "Which part of the data; test if not given. An npz file is one set, which counts as test and as train.",
        [("test", DataSplit.Test), ("validation", DataSplit.Validation), ("train", DataSplit.Train)]);

    private readonly Option<int?> _limit = ValueOption.Integer("--limit", "Only the first samples of the split.", 1, int.MaxValue);
    private readonly Option<int?> _batch = ValueOption.Integer(
        "--batch", $"Samples per run; {DefaultBatch} if not given. A model that fixes its batch gets that.", 1, 1 << 20);

    private readonly PreprocessingOptions _preprocessing = new();

    /// <summary>Takes whether a model is judged always or only where <c>--data</c> is given.</summary>
    public EvaluationOptions(bool required)
    {
        _data = new DataOptions(required: required);
    }

    private IEnumerable<Option> All => [.. _data.All, _split, _limit, _batch, .. _preprocessing.All];

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (Option option in All) verb.Add(option);
    }

    /// <summary>The data that the user names; null where there are none.</summary>
    /// <exception cref="CommandException">The text names no known kind of data, or other options of these are given without data.</exception>
    public DataSource? Resolve(Invocation invocation)
    {
        if (_data.SplitsTraining(invocation) && invocation.Value(_split) is null or DataSplit.Test)
            throw CommandException.Usage("--validation divides the train set, not the test set", "Add --split train or --split validation, or drop it.");
        if (_data.IsGiven(invocation)) return _data.Resolve(invocation);
        if (All.FirstOrDefault(invocation.IsGiven) is { } option)
            throw CommandException.Usage($"{option.Name} is for evaluating, which takes --data", "Add --data SPEC, or drop the option.");
        return null;
    }

    /// <summary>Loads the samples, and notes in the report which they are.</summary>
    /// <exception cref="ResourceLimitException">They take more memory than is left.</exception>
    /// <param name="invocation">The run.</param>
    /// <param name="source">The data.</param>
    /// <param name="budget">Bounds them.</param>
    /// <param name="usual">The split that counts unless the user names one.</param>
    public SampleSet Load(Invocation invocation, DataSource source, MemoryBudget budget, DataSplit usual)
    {
        DataSplit split = invocation.Value(_split) ?? usual;
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

    /// <summary>Samples per run.</summary>
    public int BatchFor(Invocation invocation, SampleSet samples) => Math.Max(1, Math.Min(invocation.Value(_batch) ?? DefaultBatch, samples.Count));

    /// <summary>How samples become the inputs of one model.</summary>
    /// <exception cref="ModelFormatException">The model's metadata speaks of preprocessing and is not what it should be.</exception>
    public Preprocessing PreprocessingFor(Invocation invocation, ExecutableModel model, SampleSet samples) =>
        _preprocessing.Resolve(invocation, model.Graph.Metadata, model.Path, samples);
}
