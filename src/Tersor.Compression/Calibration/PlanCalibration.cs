using Tersor.Codec;
using Tersor.Compression.Correction;
using Tersor.Compression.Sensitivity;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Plans;

namespace Tersor.Compression.Calibration;

/// <summary>Takes all statistics that a plan needs of data: the same samples give the same, so that the plan replays to the same bytes.</summary>
/// <param name="graph">The network with the weights as they are coded: batch normalizations folded where the plan folds them.</param>
/// <param name="model">The model as it is in its file.</param>
/// <param name="samples">Those of the plan's <see cref="CalibrationPlan"/>.</param>
/// <param name="preprocessing">How samples become inputs.</param>
/// <param name="threads">Where the kernels run; results do not depend on how many.</param>
public sealed class PlanCalibration(ExecutableGraph graph, Model model, SampleSet samples, Preprocessing preprocessing, KernelThreads threads)
{
    /// <summary>Takes the statistics.</summary>
    /// <param name="plan">A plan with a calibration.</param>
    /// <param name="progress">Told what is being done: a phase, steps done, and steps to do.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <returns>The plan, in which tensors that no gradient reaches weigh all errors alike, and what it needs.</returns>
    /// <exception cref="UnsupportedModelException">Operators of the model have no gradient.</exception>
    /// <exception cref="DataMismatchException">Samples and model do not fit each other.</exception>
    public (CompressionPlan Plan, PlanStatistics Statistics) Run(CompressionPlan plan, Action<string, int, int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        CalibrationPlan calibration = plan.Calibration ?? throw new ArgumentException("The plan says nothing of its data.", nameof(plan));
        IProgress<int>? Phase(string name, int total) => progress is null ? null : new Reported(done => progress(name, done, total));
        PlanStatistics statistics = new();
        if (plan.Tensors.Any(tensor => tensor.Compensated))
        {
            NetworkCurvature curvature = NetworkCurvature.Estimate(
                graph, samples, preprocessing, (calibration.InputDamping, calibration.OutputDamping), calibration.Seed, threads, Phase("calibrate", samples.Count), cancellationToken);
            statistics = new PlanStatistics { Curvatures = curvature.Rows };
        }

        Dictionary<string, ReadOnlyMemory<float>> importances = Importances(plan, calibration.Seed, Phase("fisher", samples.Count), cancellationToken);
        plan = plan with { Tensors = [.. plan.Tensors.Select(tensor => importances.ContainsKey(tensor.Name) ? tensor : tensor with { Weighting = ErrorWeighting.None })] };
        statistics = new PlanStatistics { Curvatures = statistics.Curvatures, Importances = importances };
        if (plan.VectorTuning) return (plan, statistics.With(Tuned(plan, statistics, progress, cancellationToken)));
        if (!plan.NeedsCorrection) return (plan, statistics);
        IReadOnlyDictionary<string, Tensor> corrected = NetworkCorrection.Run(
            model, plan, statistics, samples, preprocessing, threads, Phase("correct", NetworkCorrection.CountPlaces(model, plan)), cancellationToken);
        return (plan, new PlanStatistics { Curvatures = statistics.Curvatures, Importances = importances, Corrected = corrected });
    }

    private IReadOnlyDictionary<string, Tensor> Tuned(CompressionPlan plan, PlanStatistics statistics, Action<string, int, int>? progress, CancellationToken cancellationToken)
    {
        Model coded = plan.FoldBatchNorm ? BatchNormFolding.Apply(model) : model;
        VectorTuning tuning = new(graph, samples, preprocessing, plan.Calibration!.Seed, threads, cancellationToken);
        DecodedWeights weights = new(graph);
        try
        {
            return new PlannedTuning(new RepeatedCompression(coded, threads.Count, statistics, maxBytes: 0), weights, tuning)
                .Run(plan, progress is null ? null : new Reported(done => progress("tune", done, tuning.PassedSamples)), cancellationToken);
        }
        finally
        {
            weights.Restore();
        }
    }

    private Dictionary<string, ReadOnlyMemory<float>> Importances(CompressionPlan plan, ulong seed, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        Dictionary<string, ReadOnlyMemory<float>> importances = new(StringComparer.Ordinal);
        foreach (IGrouping<ErrorWeighting, TensorPlan> alike in plan.Tensors.Where(tensor => tensor.Weighting != ErrorWeighting.None).GroupBy(tensor => tensor.Weighting))
        {
            FisherOptions options = new() { Labels = LabelsOf(alike.Key), Samples = samples.Count, Seed = seed };
            FisherInformation fisher = new FisherEstimator(graph, samples, preprocessing, options, threads).Run(progress, cancellationToken);
            foreach (TensorPlan tensor in alike)
            {
                if (fisher.TryFind(tensor.Name, out TensorFisher? found)) importances.Add(tensor.Name, found.AsMemory());
            }
        }

        return importances;
    }

    private static FisherLabels LabelsOf(ErrorWeighting weighting) => weighting switch
    {
        ErrorWeighting.Fisher => FisherLabels.OfModel,
        ErrorWeighting.Empirical => FisherLabels.OfData,
        _ => FisherLabels.OfOutputs,
    };

    // Progress of the base class library hops to another thread, and arrives late.
    private sealed class Reported(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
