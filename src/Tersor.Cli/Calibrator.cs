using System.Globalization;
using Tersor.Cli.Output;
using Tersor.Compression.Calibration;
using Tersor.Compression.Correction;
using Tersor.Engine.Data;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;

namespace Tersor.Cli;

/// <summary>Statistics of a model on train data, which compensated levels depend on: taken for a search, and again whenever its plan is replayed.</summary>
internal sealed class Calibrator
{
    // A few images of a test set may by chance be train images too.
    private const double MostSeen = 0.01;

    private readonly MeasuredModel _measured;
    private readonly SampleSet _train;
    private CalibrationPlan? _described;

    /// <summary>Loads the train part of the data, and warns where the verdict is on samples of it. The network's weights become those of the model, which is as it will be coded: batch normalizations folded or not.</summary>
    /// <exception cref="ResourceLimitException">The train data take more memory than is left.</exception>
    public Calibrator(MeasuredModel measured)
    {
        _measured = measured;
        foreach (Tensor tensor in measured.Model.Tensors.Where(tensor => tensor.ElementType == ElementType.Float32))
        {
            if (measured.Network.Graph.FindParameter(tensor.Name) is { } parameter) tensor.ReadSingles(measured.Invocation.Cancellation).CopyTo(parameter.Values, 0);
        }

        (_train, _) = measured.Source.LoadTraining();
        measured.Memory.Take(_train.MemoryBytes, $"the train samples of {measured.Source.Specification}");
        int seen = measured.Verdict.CountIn(_train);
        if (seen > MostSeen * measured.Verdict.Count)
        {
            measured.Invocation.Warn(
                $"{Numbers.Count(seen)} of the {Numbers.Count(measured.Verdict.Count)} samples of {measured.Verdict.Name} are among the train samples, by which levels are chosen: what they say of the result holds for samples that were seen");
        }
    }

    /// <summary>Train samples that statistics are not taken from: levels suit those better than others. Drawn by a seed.</summary>
    /// <param name="count">How many; fewer where there are not as many.</param>
    /// <param name="plan">The statistics; null for none.</param>
    public SampleSet DrawOthers(int count, CalibrationPlan? plan)
    {
        SampleSet others = plan is not null && plan.Samples < _train.Count ? _train.HoldOut(plan.Samples, plan.Seed).Others : _train;
        return count < others.Count ? others.HoldOut(count, _measured.Source.Seed).Part : others;
    }

    /// <summary>What a plan that is searched for with this model and data says of them.</summary>
    public CalibrationPlan Describe()
    {
        // Half of a small set is left to judge plans by.
        int count = Math.Min(CalibrationSamples.ForStatistics(OnnxGraph.FromModel(_measured.Model)), Math.Max(1, _train.Count / 2));
        CalibrationPlan plan = new() { Samples = count, Seed = _measured.Source.Seed };
        return _described = plan with { Digest = DigestOf(Draw(plan)) };
    }

    /// <summary>Takes the statistics.</summary>
    /// <param name="plan">Which samples, and how.</param>
    /// <exception cref="CommandException">The samples are not those that the plan was made with.</exception>
    /// <exception cref="ResourceLimitException">They take more memory than is left.</exception>
    /// <exception cref="UnsupportedModelException">Operators of the model have no gradient.</exception>
    public NetworkCurvature Estimate(CalibrationPlan plan)
    {
        SampleSet samples = Checked(plan);
        ClaimCurvature();
        CountProgress progress = new(_measured.Invocation.Progress, "calibrate", _measured.Network.Path, samples.Count);
        return NetworkCurvature.Estimate(
            _measured.Network.Graph, samples, _measured.PreprocessingFor(samples), (plan.InputDamping, plan.OutputDamping), plan.Seed, _measured.Kernels, progress,
            _measured.Invocation.Cancellation);
    }

    /// <summary>What tunes vectors for plans of a search, by the samples that statistics are of; the network is as it will be coded.</summary>
    /// <param name="plan">Which samples.</param>
    /// <exception cref="ResourceLimitException">It takes more memory than is left.</exception>
    public VectorTuning Tuning(CalibrationPlan plan)
    {
        SampleSet samples = Checked(plan);
        VectorTuning tuning = new(_measured.Network.Graph, samples, _measured.PreprocessingFor(samples), plan.Seed, _measured.Kernels, _measured.Invocation.Cancellation);
        _measured.Memory.Take(tuning.MemoryBytes, $"what tunes the vectors of {_measured.Network.Path}");
        return tuning;
    }

    private SampleSet Checked(CalibrationPlan plan)
    {
        SampleSet samples = Draw(plan);
        if (plan.Digest is not null && plan != _described && plan.Digest != DigestOf(samples))
        {
            throw new CommandException(
                ExitCode.Usage, "other-data", $"{samples.Name}: these are not the samples or the preprocessing that the plan's levels were made with",
                $"Name the same data, --seed {plan.Seed.ToString(CultureInfo.InvariantCulture)} and the same preprocessing; or search again.");
        }

        return samples;
    }

    /// <summary>Takes all statistics that a plan needs.</summary>
    /// <param name="plan">A plan with a calibration.</param>
    /// <param name="model">The model as it is in its file.</param>
    /// <exception cref="CommandException">The samples are not those that the plan was made with.</exception>
    /// <exception cref="UnsupportedModelException">Operators of the model have no gradient.</exception>
    public PlannedLevels TakeStatistics(CompressionPlan plan, Model model)
    {
        SampleSet samples = Checked(plan.Calibration!);
        if (plan.Tensors.Any(tensor => tensor.Compensated)) ClaimCurvature();
        Invocation invocation = _measured.Invocation;
        PlanCalibration calibration = new(_measured.Network.Graph, model, samples, _measured.PreprocessingFor(samples), _measured.Kernels);
        (CompressionPlan taken, PlanStatistics statistics) = calibration.Run(
            plan, (phase, done, total) => invocation.Progress.Report(phase, _measured.Network.Path, done, total, Numbers.Count), invocation.Cancellation);
        string[] unreached = [.. plan.Tensors.Zip(taken.Tensors).Where(pair => pair.First.Weighting != pair.Second.Weighting).Select(pair => pair.First.Name)];
        if (unreached.Length > 0) invocation.Warn($"no gradient reaches '{string.Join("', '", unreached)}': errors there count alike");
        return new PlannedLevels(taken, statistics);
    }

    /// <summary>Digest of what the network is given of samples.</summary>
    public string DigestOf(SampleSet samples) => CalibrationSamples.Digest(samples, _measured.PreprocessingFor(samples));

    private void ClaimCurvature() => _measured.Memory.Take(NetworkCurvature.EstimateMemory(_measured.Network.Graph), $"statistics of the layers of {_measured.Network.Path}");

    private SampleSet Draw(CalibrationPlan plan) => plan.Samples < _train.Count ? _train.HoldOut(plan.Samples, plan.Seed).Part : _train;
}
