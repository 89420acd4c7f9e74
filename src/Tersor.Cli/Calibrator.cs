using System.Globalization;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression.Calibration;
using Tersor.Engine.Data;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;

namespace Tersor.Cli;

/// <summary>Statistics of a model on train data, which compensated levels depend on: taken for a search, and again whenever its plan is replayed.</summary>
internal sealed class Calibrator
{
    private readonly Invocation _invocation;
    private readonly ExecutableModel _original;
    private readonly EvaluationOptions _evaluation;
    private readonly KernelThreads _kernels;
    private readonly SampleSet _train;

    /// <summary>Loads the train part of the data.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="original">The model as a network. Its weights become those of <paramref name="model"/>.</param>
    /// <param name="model">The model as it will be coded, batch normalizations folded or not.</param>
    /// <param name="source">The data.</param>
    /// <param name="evaluation">How samples become inputs.</param>
    /// <param name="memory">Bounds the train data.</param>
    /// <param name="kernels">Where the network runs.</param>
    /// <exception cref="ResourceLimitException">The train data take more memory than is left.</exception>
    public Calibrator(
        Invocation invocation, ExecutableModel original, Model model, DataSource source, EvaluationOptions evaluation, MemoryBudget memory, KernelThreads kernels)
    {
        (_invocation, _original, _evaluation, _kernels) = (invocation, original, evaluation, kernels);
        foreach (Tensor tensor in model.Tensors.Where(tensor => tensor.ElementType == ElementType.Float32))
        {
            if (original.Graph.FindParameter(tensor.Name) is { } parameter) tensor.ReadSingles(invocation.Cancellation).CopyTo(parameter.Values, 0);
        }

        (_train, _) = source.LoadTraining();
        memory.Take(_train.MemoryBytes, $"the train samples of {source.Specification}");
    }

    /// <summary>Train samples that statistics are not taken from: levels suit those better than others. Drawn by a seed.</summary>
    /// <param name="count">How many; fewer where there are not as many.</param>
    /// <param name="plan">The statistics.</param>
    public SampleSet DrawOthers(int count, CalibrationPlan plan)
    {
        SampleSet others = plan.Samples < _train.Count ? _train.HoldOut(plan.Samples, plan.Seed).Others : _train;
        return count < others.Count ? others.HoldOut(count, plan.Seed).Part : others;
    }

    /// <summary>How samples become inputs.</summary>
    public Preprocessing PreprocessingFor(SampleSet samples) => _evaluation.PreprocessingFor(_invocation, _original, samples);

    /// <summary>What a plan that is searched for with this model and data says of them.</summary>
    public CalibrationPlan Describe(Model model, ulong seed)
    {
        // Half of a small set is left to judge plans by.
        int count = Math.Min(CalibrationSamples.ForStatistics(OnnxGraph.FromModel(model)), Math.Max(1, _train.Count / 2));
        CalibrationPlan plan = new() { Samples = count, Seed = seed };
        SampleSet samples = Draw(plan);
        return plan with { Digest = CalibrationSamples.Digest(samples, PreprocessingFor(samples)) };
    }

    /// <summary>Takes the statistics.</summary>
    /// <param name="plan">Which samples, and how.</param>
    /// <exception cref="CommandException">The samples are not those that the plan was made with.</exception>
    /// <exception cref="UnsupportedModelException">Operators of the model have no gradient.</exception>
    public NetworkCurvature Estimate(CalibrationPlan plan)
    {
        (SampleSet samples, Preprocessing preprocessing) = Checked(plan);
        CountProgress progress = new(_invocation.Progress, "calibrate", _original.Path, samples.Count);
        return NetworkCurvature.Estimate(_original.Graph, samples, preprocessing, (plan.InputDamping, plan.OutputDamping), plan.Seed, _kernels, progress, _invocation.Cancellation);
    }

    private (SampleSet Samples, Preprocessing Preprocessing) Checked(CalibrationPlan plan)
    {
        SampleSet samples = Draw(plan);
        Preprocessing preprocessing = PreprocessingFor(samples);
        if (plan.Digest is not null && plan.Digest != CalibrationSamples.Digest(samples, preprocessing))
        {
            throw new CommandException(
                ExitCode.Usage, "other-data", $"{samples.Name}: these are not the samples or the preprocessing that the plan's levels were made with",
                $"Name the same data, --seed {plan.Seed.ToString(CultureInfo.InvariantCulture)} and the same preprocessing; or search again.");
        }

        return (samples, preprocessing);
    }

    /// <summary>Takes all statistics that a plan needs.</summary>
    /// <param name="plan">A plan with a calibration.</param>
    /// <param name="model">The model as it is in its file.</param>
    /// <exception cref="CommandException">The samples are not those that the plan was made with.</exception>
    /// <exception cref="UnsupportedModelException">Operators of the model have no gradient.</exception>
    public PlannedLevels TakeStatistics(CompressionPlan plan, Model model)
    {
        (SampleSet samples, Preprocessing preprocessing) = Checked(plan.Calibration!);
        (CompressionPlan taken, PlanStatistics statistics) = new PlanCalibration(_original.Graph, model, samples, preprocessing, _kernels).Run(
            plan, (phase, done, total) => _invocation.Progress.Report(phase, _original.Path, done, total, Numbers.Count), _invocation.Cancellation);
        string[] unreached = [.. plan.Tensors.Zip(taken.Tensors).Where(pair => pair.First.Weighting != pair.Second.Weighting).Select(pair => pair.First.Name)];
        if (unreached.Length > 0) _invocation.Warn($"no gradient reaches '{string.Join("', '", unreached)}': errors there count alike");
        return new PlannedLevels(taken, statistics);
    }

    private SampleSet Draw(CalibrationPlan plan) => plan.Samples < _train.Count ? _train.HoldOut(plan.Samples, plan.Seed).Part : _train;
}
