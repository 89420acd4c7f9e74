using System.Text.RegularExpressions;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;

namespace Tersor.Plans;

/// <summary>What a user asks for, from which <see cref="PlanBuilder"/> makes the settings of every tensor. The defaults need no data.</summary>
public sealed record PlanOptions
{
    /// <summary>The quality used where neither quality nor QP is given.</summary>
    public const int DefaultQuality = 60;

    /// <summary>
    /// Quantization parameter of tensors with two or more dimensions, as the reference software means it: dependent quantization without rate term, the other
    /// tensors at -75. Null: <see cref="Quality"/> decides.
    /// </summary>
    public int? Qp { get; init; }

    /// <summary>1 (smallest) to 100 (finest); see docs/quality.md for what each costs on real models.</summary>
    public int Quality { get; init; } = DefaultQuality;

    /// <summary>The method for tensors with two or more dimensions; null takes <see cref="TensorMethod.Trellis"/> with a QP and <see cref="TensorMethod.TrellisRdo"/> with a quality.</summary>
    public TensorMethod? Method { get; init; }

    /// <summary>Weight of the bits in rate-distortion optimized methods; null takes the default.</summary>
    public double? Lambda { get; init; }

    /// <summary>Entries of a codebook for <see cref="TensorMethod.Codebook"/>.</summary>
    public int CodebookSize { get; init; } = 32;

    /// <summary>What errors of tensors with two or more dimensions are weighted by, where their method has an objective (<see cref="TensorMethods.HasObjective"/>).</summary>
    public ErrorWeighting Weighting { get; init; }

    /// <summary>The share of the weights of tensors with two or more dimensions that become zero before the rest is quantized, 0 to 1; see <see cref="CompressionPlan.PrunedShare"/>.</summary>
    public double PrunedShare { get; init; }

    /// <summary>Fit a factor to each row of tensors with two or more dimensions; see <see cref="Quantization.LocalScaling"/>.</summary>
    public bool LocalScaling { get; init; }

    /// <summary>Let biases take up what quantization adds to the mean outputs of their layers.</summary>
    public bool BiasCorrection { get; init; }

    /// <summary>Let means and variances of batch normalizations follow what quantization does to their inputs.</summary>
    public bool BatchNormReestimation { get; init; }

    /// <summary>Let biases and normalizations learn to give the answers that the network gave before quantization; not beside the other two.</summary>
    public bool VectorTuning { get; init; }

    /// <summary>
    /// Every weight of every tensor that can be quantized comes back within this bound: in place of a QP, a quality, a method and a lambda. Null for none.
    /// </summary>
    public ErrorBound? ErrorBound { get; init; }

    /// <summary>What weights are predicted from, under an absolute or relative <see cref="ErrorBound"/>.</summary>
    public Predictor Predictor { get; init; }

    /// <summary>Float tensors of at most so many elements are kept exactly, where neither a QP nor a bound says otherwise; lower where data tell what errors in them cost.</summary>
    public int TinyElementCount { get; init; } = PlanBuilder.TinyElementCount;

    /// <summary>Keep every bit of every tensor.</summary>
    public bool Lossless { get; init; }

    /// <summary>Edition of the standard, 1 or 2.</summary>
    public int Edition { get; init; } = 2;

    /// <summary>Whether the graph travels along.</summary>
    public TopologyCarriage Topology { get; init; } = TopologyCarriage.Auto;

    /// <summary>Fold batch normalizations into two of their four vectors; see <see cref="Models.Onnx.BatchNormFolding"/>.</summary>
    public bool FoldBatchNorm { get; init; }

    /// <summary>Only tensors whose name matches one of these are quantized; empty means all. The others are kept exactly.</summary>
    public IReadOnlyList<Regex> Include { get; init; } = [];

    /// <summary>Tensors whose name matches one of these are kept exactly.</summary>
    public IReadOnlyList<Regex> Exclude { get; init; } = [];
}
