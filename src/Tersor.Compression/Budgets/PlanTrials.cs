using Tersor.Codec;
using Tersor.Compression.Answers;
using Tersor.Compression.Correction;
using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>
/// Tries plans without files: compresses to memory, decodes, and runs the network with the weights that came back. Tensors whose settings were tried before are not coded again, and
/// those whose settings are as in the trial before are not decoded again. The network is as before when this is disposed. Not safe for several threads.
/// </summary>
public sealed class PlanTrials : IPlanTrials, IDisposable
{
    private readonly RepeatedCompression _compression;
    private readonly DecodedWeights _weights;
    private readonly AnswerComparison _judged;
    private readonly Func<AnswerComparison> _makeAssessed;
    private readonly Func<AnswerComparison> _makeWide;
    private readonly PlanStatistics? _statistics;
    private readonly PlannedTuning? _tuning;
    private readonly int _threads;
    private readonly Dictionary<CompressionPlan, IReadOnlyDictionary<string, Tensor>> _tuned = new(ReferenceEqualityComparer.Instance);
    private AnswerComparison? _assessed;
    private AnswerComparison? _wide;

    /// <summary>Takes the network as it is.</summary>
    /// <param name="model">The model as it is coded: where plans fold batch normalizations, with those folded already.</param>
    /// <param name="graph">The network.</param>
    /// <param name="judged">Its answers to the samples that whole plans are judged on.</param>
    /// <param name="assessed">Those to the samples that single tensors are assessed on, asked for when the first one is; null for the same.</param>
    /// <param name="wide">Those to the samples for what is asked once, asked for when it is; null for those that whole plans are judged on.</param>
    /// <param name="statistics">What data say of the model, for plans that need it; null for others.</param>
    /// <param name="threads">Tensors compressed side by side.</param>
    /// <param name="tuning">What tunes vectors, for plans with <see cref="CompressionPlan.VectorTuning"/>, of the same network; null for others.</param>
    public PlanTrials(
        Model model,
        ExecutableGraph graph,
        AnswerComparison judged,
        Func<AnswerComparison>? assessed = null,
        Func<AnswerComparison>? wide = null,
        PlanStatistics? statistics = null,
        int threads = 1,
        VectorTuning? tuning = null)
    {
        _compression = new RepeatedCompression(model, threads, statistics);
        _weights = new DecodedWeights(graph);
        (_judged, _makeAssessed, _makeWide, _statistics, _threads) = (judged, assessed ?? (() => judged), wide ?? (() => judged), statistics, threads);
        if (tuning is not null) _tuning = new PlannedTuning(_compression, _weights, tuning);
    }

    /// <inheritdoc/>
    public BudgetTrial Judge(CompressionPlan plan, CancellationToken cancellationToken = default) => Judge(plan, _judged, cancellationToken);

    /// <inheritdoc/>
    public BudgetTrial JudgeWidely(CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        _wide ??= OfOriginal(_makeWide);
        return Judge(plan, _wide, cancellationToken);
    }

    /// <inheritdoc/>
    public BudgetTrial Measure(CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        return new BudgetTrial(plan, Compress(plan, Stream.Null, cancellationToken).Report.TotalBytes, null);
    }

    /// <inheritdoc/>
    public BudgetTrial Assess(CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        _assessed ??= OfOriginal(_makeAssessed);
        using Model alone = new("memory", _compression.Model.Source, [.. plan.Tensors.Select(tensor => _compression.Model.Find(tensor.Name)!)]);
        using MemoryStream stream = new();
        ModelCompressor.Compress(alone, Folded(plan) with { VectorTuning = false }, stream, _threads, null, _statistics, cancellationToken);
        return Decode(plan, stream, _assessed, NoTensors, cancellationToken);
    }

    /// <summary>What a plan needs beside the model, with the vectors that were tuned for it, or are now.</summary>
    /// <param name="plan">The plan of a trial.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    public PlanStatistics? StatisticsFor(CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.VectorTuning ? (_statistics ?? PlanStatistics.None).With(Tuned(plan, cancellationToken)) : _statistics;
    }

    /// <summary>Gives the network its weights back.</summary>
    public void Dispose() => _weights.Restore();

    private static Dictionary<string, Tensor> NoTensors { get; } = [];

    // Folding again would change nothing and take a while each time.
    private static CompressionPlan Folded(CompressionPlan plan) => plan with { FoldBatchNorm = false };

    private AnswerComparison OfOriginal(Func<AnswerComparison> answers)
    {
        _weights.Restore();
        return answers();
    }

    private BudgetTrial Judge(CompressionPlan plan, AnswerComparison answers, CancellationToken cancellationToken)
    {
        using MemoryStream stream = new();
        (_, IReadOnlyDictionary<string, Tensor> tuned) = Compress(plan, stream, cancellationToken);
        return Decode(plan, stream, answers, tuned, cancellationToken);
    }

    private (CompressionReport Report, IReadOnlyDictionary<string, Tensor> Tuned) Compress(CompressionPlan plan, Stream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        IReadOnlyDictionary<string, Tensor> tuned = plan.VectorTuning ? Tuned(plan, cancellationToken) : NoTensors;
        return (_compression.Compress(Folded(plan), tuned, stream, cancellationToken), tuned);
    }

    private IReadOnlyDictionary<string, Tensor> Tuned(CompressionPlan plan, CancellationToken cancellationToken)
    {
        if (_tuned.TryGetValue(plan, out IReadOnlyDictionary<string, Tensor>? known)) return known;
        if (_tuning is null) throw new InvalidOperationException("Nothing to tune vectors with was given.");
        IReadOnlyDictionary<string, Tensor> tuned = _tuning.Run(plan, null, cancellationToken);
        _tuned.Add(plan, tuned);
        return tuned;
    }

    private BudgetTrial Decode(CompressionPlan plan, MemoryStream stream, AnswerComparison answers, IReadOnlyDictionary<string, Tensor> tuned, CancellationToken cancellationToken)
    {
        _weights.Place(stream, plan.Tensors, [.. tuned.Keys], cancellationToken);
        return new BudgetTrial(plan, stream.Length, answers.Compare(cancellationToken));
    }
}
