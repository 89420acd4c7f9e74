using Tersor.Codec;
using Tersor.Compression.Answers;
using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Compression.Budgets;

/// <summary>Tries plans without files: compresses to memory, decodes, and runs the network with the weights that came back. The network is as before afterwards.</summary>
/// <param name="graph">The network.</param>
/// <param name="answers">Its answers before any change.</param>
/// <param name="curvatures">What errors cost, for plans with compensated levels; null for others.</param>
/// <param name="threads">Tensors compressed side by side.</param>
public sealed class PlanTrials(ExecutableGraph graph, AnswerComparison answers, IReadOnlyDictionary<string, RowCurvature>? curvatures, int threads)
{
    /// <summary>Tries a plan.</summary>
    /// <param name="model">The whole model, or some of its tensors: the others stay as they are.</param>
    /// <param name="plan">Settings of the tensors of <paramref name="model"/>.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    public BudgetTrial Try(Model model, CompressionPlan plan, CancellationToken cancellationToken = default)
    {
        (CompressionReport report, byte[] stream) = Compress(model, plan, cancellationToken);
        List<(GraphParameter Parameter, float[] Values)> originals = [];
        try
        {
            using CompressedModel decoded = CompressedModel.Open(stream);
            foreach (CompressedTensor tensor in decoded.Tensors)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (graph.FindParameter(tensor.Name) is not { } parameter) continue;
                originals.Add((parameter, [.. parameter.Values]));
                decoded.Decode(tensor.Name, parameter.Values);
            }

            return new BudgetTrial(report.Plan, report.TotalBytes, answers.Compare(cancellationToken));
        }
        finally
        {
            foreach ((GraphParameter parameter, float[] values) in originals) values.CopyTo(parameter.Values, 0);
        }
    }

    /// <summary>Tries a plan for its size alone.</summary>
    public static BudgetTrial TrySize(
        Model model, CompressionPlan plan, IReadOnlyDictionary<string, RowCurvature>? curvatures, int threads, CancellationToken cancellationToken = default)
    {
        CompressionReport report = ModelCompressor.Compress(model, plan, Stream.Null, threads, null, StatisticsOf(curvatures), cancellationToken);
        return new BudgetTrial(report.Plan, report.TotalBytes, null);
    }

    private (CompressionReport Report, byte[] Stream) Compress(Model model, CompressionPlan plan, CancellationToken cancellationToken)
    {
        using MemoryStream stream = new();
        CompressionReport report = ModelCompressor.Compress(model, plan, stream, threads, null, StatisticsOf(curvatures), cancellationToken);
        return (report, stream.ToArray());
    }

    private static PlanStatistics? StatisticsOf(IReadOnlyDictionary<string, RowCurvature>? curvatures) => curvatures is null ? null : new PlanStatistics { Curvatures = curvatures };
}
