using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Compression.Theory;

/// <summary>What a method made of a layer, beside what theory says of it.</summary>
/// <param name="Tensor">Name of the weight.</param>
/// <param name="Method">The method.</param>
/// <param name="Compensated">Whether levels make up for one another's errors.</param>
/// <param name="Qp">Quantization parameter of the step.</param>
/// <param name="Distance">What the errors cost: the mean squared distance by which the outputs are expected to move.</param>
/// <param name="Bits">Bits per weight of the coded unit, its header included.</param>
/// <param name="BoundBits">Bits per weight that <see cref="LayerBound"/> gives at this distance.</param>
public sealed record CodedLayer(string Tensor, TensorMethod Method, bool Compensated, int Qp, double Distance, double Bits, double BoundBits);

/// <summary>Codes a layer at some steps, and holds what comes of it against the lower bound at the same cost.</summary>
public static class BoundComparison
{
    private static readonly (TensorMethod Method, bool Compensated)[] Methods =
        [(TensorMethod.Uniform, false), (TensorMethod.UniformRdo, false), (TensorMethod.TrellisRdo, false), (TensorMethod.TrellisRdo, true)];

    /// <summary>Codes the layer by each method with an objective, from nearest rounding to compensated levels.</summary>
    /// <param name="tensor">The weight.</param>
    /// <param name="curvature">What its errors cost.</param>
    /// <param name="qps">Quantization parameters of uniform steps; dependent quantization takes those that give about the same error.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <returns>For each QP one entry per method. Where nothing is lost, the bound is that of a binary32 number.</returns>
    public static IReadOnlyList<CodedLayer> Run(Tensor tensor, RowCurvature curvature, IReadOnlyList<int> qps, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(qps);
        float[] weights = tensor.ReadSingles(cancellationToken);
        LayerBound bound = new(curvature, weights);
        using Model alone = new("memory", "memory", [tensor]);
        PlanStatistics statistics = new() { Curvatures = new Dictionary<string, RowCurvature>(StringComparer.Ordinal) { [tensor.Name] = curvature } };
        List<CodedLayer> layers = [];
        foreach (int qp in qps)
        {
            foreach ((TensorMethod method, bool compensated) in Methods)
            {
                int taken = method.IsDependent() ? StepSize.ToQp(StepSize.FromQp(qp) / StepSize.UniformRatio) : qp;
                CompressionPlan plan = new() { Topology = TopologyCarriage.None, Tensors = [PlanOf(tensor, method, compensated, taken)] };
                using MemoryStream stream = new();
                CompressionReport report = ModelCompressor.Compress(alone, plan, stream, statistics: statistics, cancellationToken: cancellationToken);
                using CompressedModel decoded = CompressedModel.Open(stream.ToArray());
                double distance = curvature.Cost(weights, decoded.Decode(tensor.Name, cancellationToken));
                double least = distance > 0 ? bound.BitsAt(distance) / weights.Length : 8 * sizeof(float);
                layers.Add(new CodedLayer(tensor.Name, method, compensated, taken, distance, report.Tensors[0].BitsPerElement, least));
            }
        }

        return layers;
    }

    private static TensorPlan PlanOf(Tensor tensor, TensorMethod method, bool compensated, int qp) => new()
    {
        Name = tensor.Name,
        Method = method,
        Qp = qp,
        Lambda = method == TensorMethod.Uniform ? 0 : PlanBuilder.DefaultLambda,
        Compensated = compensated,
    };
}
