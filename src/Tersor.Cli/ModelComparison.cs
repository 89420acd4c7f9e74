using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression.Answers;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;

namespace Tersor.Cli;

/// <summary>Models judged on the same samples, the first added being what the others are compared with.</summary>
internal sealed class ModelComparison : IDisposable
{
    private readonly Invocation _invocation;
    private readonly EvaluationOptions _options;
    private readonly MemoryBudget _budget;
    private readonly KernelThreads _threads;
    private readonly List<ExecutableModel> _models = [];
    private readonly List<(ExecutableModel Model, Evaluator Evaluator)> _pending = [];
    private readonly List<EvaluatedModel> _rows = [];

    /// <summary>Loads the samples.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="source">Where the samples are.</param>
    /// <param name="options">Which of them, and how they become inputs.</param>
    /// <param name="budget">Bounds samples and intermediate results.</param>
    /// <param name="threads">Threads of the computation.</param>
    /// <param name="usual">The split that counts unless the user names one.</param>
    public ModelComparison(Invocation invocation, DataSource source, EvaluationOptions options, MemoryBudget budget, int threads, DataSplit usual = DataSplit.Test)
    {
        (_invocation, _options, _budget) = (invocation, options, budget);
        Samples = options.Load(invocation, source, budget, usual);
        _threads = new KernelThreads(Math.Min(threads, KernelThreads.MaxCount));
    }

    /// <summary>The samples that each model sees.</summary>
    public SampleSet Samples { get; }

    /// <summary>How many models were judged.</summary>
    public int ModelCount => _rows.Count;

    /// <summary>Makes models ready, so that what is wrong with one shows before anything long begins. They belong to the comparison from now on.</summary>
    /// <exception cref="DataMismatchException">The samples do not fit a model.</exception>
    public void Add(params IReadOnlyList<ExecutableModel> models)
    {
        _models.AddRange(models);
        foreach (ExecutableModel model in models)
        {
            Evaluator evaluator = new(
                model.Graph, Samples.SampleShape, _options.PreprocessingFor(_invocation, model, Samples), _threads, _options.BatchFor(_invocation, Samples), _budget.Left);
            evaluator.CheckFit(Samples);
            _budget.Take(evaluator.MemoryBytes, $"the intermediate results of {model.Path}");
            _pending.Add((model, evaluator));
        }
    }

    /// <summary>Runs the models that were added since the last time.</summary>
    public void Evaluate()
    {
        foreach ((ExecutableModel model, Evaluator evaluator) in _pending)
        {
            Evaluation result = evaluator.Run(Samples, new CountProgress(_invocation.Progress, "evaluate", model.Path, Samples.Count), _invocation.Cancellation);
            if (!double.IsFinite(result.Loss)) _invocation.Warn($"{model.Path}: some outputs are not finite numbers, and so is the loss");
            _rows.Add(new EvaluatedModel(model.Path, model.FileBytes, model.Graph.ResidentBytes, model.Graph.HeldWeights.Count > 0, result));
        }

        _pending.Clear();
    }

    /// <summary>Closes the models, of which the figures remain.</summary>
    public void Close()
    {
        foreach (ExecutableModel model in _models) model.Dispose();
        _models.Clear();
        _pending.Clear();
    }

    /// <summary>Whether answers are classes, so that there is an accuracy.</summary>
    public bool Classifies => Samples.HasLabels;

    /// <summary>The fraction of right answers of the first model.</summary>
    public double FirstTop1 => _rows[0].Result.Top1;

    /// <summary>How far the answers of the last model are from those of the first.</summary>
    public AnswerChange LastChange() => AnswerChange.Between(_rows[0].Result, _rows[^1].Result, Samples);

    /// <summary>The figures of the first model.</summary>
    public JsonObject FirstFields() => Fields(_rows[0]);

    /// <summary>Adds a row per model to the report, and prints the same unless told not to.</summary>
    public void Describe(bool prints = true)
    {
        JsonArray reported = [];
        foreach (EvaluatedModel row in _rows)
        {
            JsonObject fields = Fields(row);
            fields["path"] = row.Path;
            fields["bytes"] = row.Bytes;
            if (reported.Count > 0) fields["change"] = EvaluationText.ChangeFields(_rows[0].Result, row.Result);
            reported.Add((JsonNode)fields);
        }

        _invocation.Report["models"] = reported;
        if (!prints) return;
        _invocation.Print(writer => writer.WriteLine($"{Samples.Name}: {Numbers.Count(Samples.Count)} samples of {Samples.SampleShape}"));
        _invocation.Print(EvaluationText.Table(_rows));
    }

    private static JsonObject Fields(EvaluatedModel model)
    {
        JsonObject fields = EvaluationText.Fields(model.Result);
        fields["residentBytes"] = model.ResidentBytes;
        return fields;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        _threads.Dispose();
    }
}
