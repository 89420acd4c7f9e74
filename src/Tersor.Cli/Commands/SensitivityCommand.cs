using System.CommandLine;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression.Calibration;
using Tersor.Compression.Sensitivity;
using Tersor.Compression.Theory;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor sensitivity MODEL --data SPEC</c>: which tensors matter to the model's answers, by Fisher information and, where asked, by trial.</summary>
internal sealed class SensitivityCommand : Verb
{
    // What layers computed for one trial and the next one needs too.
    private const long KeptBytes = 256 << 20;

    private static readonly (string Name, FisherLabels Value)[] LabelNames = [("model", FisherLabels.OfModel), ("data", FisherLabels.OfData), ("outputs", FisherLabels.OfOutputs)];

    private const string QpsExpected = "whole numbers such as -24,-20, each a QP";

    private readonly Argument<string> _model = new("MODEL") { Description = "A model with a graph, of any readable format; '-' reads stdin." };
    private readonly DataOptions _data = new("Decides which samples are held out, drawn and generated, and random signs; 0 if not given.");
    private readonly PreprocessingOptions _preprocessing = new();
    private readonly Option<int?> _samples = ValueOption.Integer(
        "--samples", $"Samples of the train set that are used; {new FisherOptions().Samples} if not given.", 1, int.MaxValue);

    private readonly Option<int?> _batch = ValueOption.Integer(
        "--batch", $"Samples per pass, {new FisherOptions().Batch} if not given: more take less time and give more variance.", 1, 1 << 16);

    private readonly Option<FisherLabels?> _labels = ValueOption.Choice<FisherLabels>(
        "--labels",
        "Whose answers the gradients are for: model (the Fisher information; if not given), data (the empirical one) or outputs (none: squared gradients of the outputs themselves).",
        LabelNames);

    private readonly Option<float[]?> _measure = ValueOption.Numbers(
        "--measure",
        "Also round each tensor of two or more dimensions alone to these QPs, one or several with commas between them, and measure what becomes of the answers.",
        AreQps,
        QpsExpected);

    private readonly Option<float[]?> _bound = ValueOption.Numbers(
        "--bound",
        "Also code each convolution and product at these QPs, and show its bits beside the fewest that theory allows at the distance by which the outputs then move.",
        AreQps,
        QpsExpected);

    private readonly Option<string?> _csv = new("--csv") { Description = "Write the table to this file, as comma-separated values.", HelpName = "FILE" };
    private readonly Option<string?> _savePlan = new("--save-plan")
    {
        Description = "Write a plan for tersor compress --plan to this file: that of --quality, with the steps of fragile tensors finer and of robust ones coarser at the same predicted damage.",
        HelpName = "FILE",
    };

    private readonly Option<int?> _quality = ValueOption.Integer("--quality", $"The quality that --save-plan starts from; {PlanOptions.DefaultQuality} if not given.", 1, 100);
    private readonly Option<bool> _force = new("--force") { Description = "Replace files that exist." };
    private readonly EngineOptions _engine = new();

    public SensitivityCommand()
        : base("sensitivity", "Show which tensors matter to a model's answers, and write a plan that keeps them finer.")
    {
        Add(_model);
        _data.AddTo(this);
        _preprocessing.AddTo(this);
        foreach (Option option in new Option[] { _samples, _batch, _labels, _measure, _bound, _csv, _savePlan, _quality, _force }) Add(option);
        _engine.AddTo(this);
    }

    public override void Run(Invocation invocation)
    {
        MemoryBudget memory = _engine.LimitMemory(invocation);
        foreach (string output in Outputs(invocation)) OutputOptions.Check(output, invocation.Value(_force));
        if (invocation.IsGiven(_quality) && !invocation.IsGiven(_savePlan)) throw CommandException.Usage("--quality is for --save-plan", "Name a file for the plan.");
        DataSource source = _data.Resolve(invocation);
        using KernelThreads threads = new(_engine.Threads(invocation));
        string path = invocation.Value(_model);
        using ExecutableModel model = _engine.Open(invocation, path, memory, threads.Count);
        model.CheckApart(Outputs(invocation));
        (SampleSet train, _) = source.LoadTraining();
        memory.Take(train.MemoryBytes, $"the train samples of {source.Specification}");
        Preprocessing preprocessing = _preprocessing.Resolve(invocation, model.Graph.Metadata, path, train);
        FisherOptions defaults = new();
        FisherOptions options = defaults with
        {
            Samples = invocation.Value(_samples) ?? defaults.Samples,
            Batch = invocation.Value(_batch) ?? defaults.Batch,
            Labels = invocation.Value(_labels) ?? defaults.Labels,
            Seed = source.Seed,
        };
        memory.Take(model.Graph.Parameters.Sum(parameter => parameter.Shape.ElementCount * (sizeof(double) + sizeof(float))), "the sums of squared gradients");
        FisherEstimator estimator = new(model.Graph, train, preprocessing, options, threads);
        FisherInformation fisher = estimator.Run(new CountProgress(invocation.Progress, "fisher", path, estimator.SampleCount), invocation.Cancellation);
        if (fisher.DroppedSamples > 0) invocation.Warn($"{Numbers.Count(fisher.DroppedSamples)} samples were left out: gradients of their batches are not finite");
        IReadOnlyList<MeasuredSensitivity> measured = Measure(invocation, model.Graph, train.Take(options.Samples), preprocessing, threads, memory);

        IReadOnlyList<CodedLayer> bounded = CompareWithBound(invocation, model.Graph, train.Take(options.Samples), preprocessing, threads);
        CompressionPlan? plan = invocation.IsGiven(_savePlan) ? MakePlan(invocation, model, fisher, threads.Count) : null;
        SensitivityText text = new(fisher, measured, plan);
        if (invocation.Value(_csv) is { } csv) OutputOptions.WriteText(invocation, csv, text.Csv(), invocation.Value(_force));
        if (plan is not null) OutputOptions.WriteText(invocation, invocation.Value(_savePlan)!, plan.ToJson(), invocation.Value(_force));
        text.Report(invocation.Report);
        invocation.Report["data"] = source.Specification;
        invocation.Report["labels"] = LabelNames.First(entry => entry.Value == options.Labels).Name;
        if (bounded.Count > 0) invocation.Report["bound"] = BoundText.Fields(bounded);
        if (invocation.Quiet) return;
        invocation.Print(text.Table());
        if (bounded.Count > 0) invocation.Print(BoundText.Table(bounded));
    }

    private static bool AreQps(float[] numbers) =>
        Array.TrueForAll(numbers, qp => qp == MathF.Round(qp) && qp >= StepSize.MinQp() && qp <= StepSize.MaxQp());

    private IEnumerable<string> Outputs(Invocation invocation) => new[] { invocation.Value(_csv), invocation.Value(_savePlan) }.OfType<string>();

    private List<MeasuredSensitivity> Measure(Invocation invocation, ExecutableGraph graph, SampleSet samples, Preprocessing preprocessing, KernelThreads threads, MemoryBudget memory)
    {
        if (invocation.Value(_measure) is not { } qps) return [];
        GraphParameter[] weights = [.. graph.Parameters.Where(parameter => parameter.IsTrainable && parameter.Shape.Rank >= 2)];
        SensitivityProbe probe = new(graph, samples, preprocessing, threads, keptBytes: memory.TakeUpTo(KeptBytes), cancellationToken: invocation.Cancellation);
        List<MeasuredSensitivity> measured = [];
        foreach (GraphParameter weight in weights)
        {
            foreach (float qp in qps)
            {
                invocation.Progress.Report("measure", weight.Name, measured.Count, (long)weights.Length * qps.Length, count => $"{Numbers.Count(count)} trials");
                measured.Add(probe.Measure(weight, (int)qp, invocation.Cancellation));
            }
        }

        return measured;
    }

    private List<CodedLayer> CompareWithBound(Invocation invocation, ExecutableGraph graph, SampleSet samples, Preprocessing preprocessing, KernelThreads threads)
    {
        if (invocation.Value(_bound) is not { } qps) return [];
        CalibrationPlan usual = new() { Samples = samples.Count };
        NetworkCurvature curvature = NetworkCurvature.Estimate(
            graph, samples, preprocessing, (usual.InputDamping, usual.OutputDamping), usual.Seed, threads,
            new CountProgress(invocation.Progress, "calibrate", graph.Source, samples.Count), invocation.Cancellation);
        List<CodedLayer> layers = [];
        foreach ((string name, RowCurvature rows) in curvature.Rows)
        {
            GraphParameter weight = graph.FindParameter(name)!;
            invocation.Progress.Report("bound", name, layers.Count, 0, count => $"{Numbers.Count(count)} codings");
            layers.AddRange(BoundComparison.Run(new Tensor(name, weight.Shape, weight.Values), rows, [.. qps.Select(qp => (int)qp)], invocation.Cancellation));
        }

        return layers;
    }

    private CompressionPlan MakePlan(Invocation invocation, ExecutableModel model, FisherInformation fisher, int threads)
    {
        PlanOptions options = new() { Quality = invocation.Value(_quality) ?? PlanOptions.DefaultQuality };
        invocation.Setting(_quality, Numbers.Integer(options.Quality));
        return FisherPlan.Adjust(PlanBuilder.Build(model.Weights, options, threads, cancellationToken: invocation.Cancellation), fisher);
    }
}
