using Tersor.Codec;
using Tersor.Compression.Answers;
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
    private readonly ExecutableGraph _graph;
    private readonly AnswerComparison _judged;
    private readonly Func<AnswerComparison> _makeAssessed;
    private readonly PlanStatistics? _statistics;
    private readonly int _threads;
    private readonly Dictionary<string, float[]> _originals = new(StringComparer.Ordinal);

    // The settings with which the weights that the network has now were coded; those in none are the originals.
    private readonly Dictionary<string, TensorPlan> _present = new(StringComparer.Ordinal);
    private AnswerComparison? _assessed;

    /// <summary>Takes the network as it is.</summary>
    /// <param name="model">The model as it is coded: where plans fold batch normalizations, with those folded already.</param>
    /// <param name="graph">The network.</param>
    /// <param name="judged">Its answers to the samples that whole plans are judged on.</param>
    /// <param name="assessed">Those to the samples that single tensors are assessed on, asked for when the first one is; null for the same.</param>
    /// <param name="statistics">What data say of the model, for plans that need it; null for others.</param>
    /// <param name="threads">Tensors compressed side by side.</param>
    public PlanTrials(
        Model model,
        ExecutableGraph graph,
        AnswerComparison judged,
        Func<AnswerComparison>? assessed = null,
        PlanStatistics? statistics = null,
        int threads = 1)
    {
        _compression = new RepeatedCompression(model, threads, statistics);
        (_graph, _judged, _makeAssessed, _statistics, _threads) = (graph, judged, assessed ?? (() => judged), statistics, threads);
    }

    /// <inheritdoc/>
    public BudgetTrial Judge(CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        using MemoryStream stream = new();
        _compression.Compress(Folded(plan), stream, cancellationToken);
        return Decode(plan, stream, _judged, cancellationToken);
    }

    /// <inheritdoc/>
    public BudgetTrial Measure(CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new BudgetTrial(plan, _compression.Compress(Folded(plan), Stream.Null, cancellationToken).TotalBytes, null);
    }

    /// <inheritdoc/>
    public BudgetTrial Assess(CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (_assessed is null)
        {
            Restore([]);
            _assessed = _makeAssessed();
        }

        using Model alone = new("memory", _compression.Model.Source, [.. plan.Tensors.Select(tensor => _compression.Model.Find(tensor.Name)!)]);
        using MemoryStream stream = new();
        ModelCompressor.Compress(alone, Folded(plan), stream, _threads, null, _statistics, cancellationToken);
        return Decode(plan, stream, _assessed, cancellationToken);
    }

    /// <summary>Gives the network its weights back.</summary>
    public void Dispose() => Restore([]);

    // Folding again would change nothing and take a while each time.
    private static CompressionPlan Folded(CompressionPlan plan) => plan with { FoldBatchNorm = false };

    private BudgetTrial Decode(CompressionPlan plan, MemoryStream stream, AnswerComparison answers, CancellationToken cancellationToken)
    {
        Dictionary<string, TensorPlan> wanted = plan.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Restore(wanted);
        using CompressedModel decoded = CompressedModel.Open(stream.ToArray());
        foreach (CompressedTensor tensor in decoded.Tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_graph.FindParameter(tensor.Name) is not { } parameter || _present.GetValueOrDefault(tensor.Name) == wanted[tensor.Name]) continue;
            _originals.TryAdd(tensor.Name, [.. parameter.Values]);

            // Until it is whole, the tensor is neither as before nor as planned.
            _present.Remove(tensor.Name);
            decoded.Decode(tensor.Name, parameter.Values, cancellationToken);
            _present.Add(tensor.Name, wanted[tensor.Name]);
        }

        return new BudgetTrial(plan, stream.Length, answers.Compare(cancellationToken));
    }

    private void Restore(Dictionary<string, TensorPlan> except)
    {
        foreach ((string name, float[] values) in _originals)
        {
            if (_present.ContainsKey(name) && except.ContainsKey(name)) continue;
            values.CopyTo(_graph.FindParameter(name)!.Values, 0);
            _present.Remove(name);
        }
    }
}
