using Tersor.Models;
using Tersor.Nnc.Syntax;

namespace Tersor.Nnc;

/// <summary>The tensors of a block unit sorted by role, in the two orders of section 4.3.</summary>
internal sealed class BlockTensors
{
    private static readonly NncTensorRole[] BatchNormRoles =
        [NncTensorRole.BatchNormBeta, NncTensorRole.BatchNormGamma, NncTensorRole.BatchNormMean, NncTensorRole.BatchNormVariance];

    private BlockTensors(IReadOnlyList<LevelTensor> weights, LevelTensor? scaling, IReadOnlyList<LevelTensor> batchNorm, LevelTensor? bias)
    {
        Weights = weights;
        List<LevelTensor> scalings = scaling is null ? [] : [scaling];
        List<LevelTensor> biases = bias is null ? [] : [bias];
        InNameOrder = [.. weights, .. scalings, .. batchNorm, .. biases];
        InPayloadOrder = [.. scalings, .. biases, .. batchNorm, .. weights];
        Types = (IsDecomposed ? ParameterTypes.Decomposed : 0) | (scaling is null ? 0 : ParameterTypes.LocalScaling)
            | (batchNorm.Count == 0 ? 0 : ParameterTypes.BatchNorm) | (bias is null ? 0 : ParameterTypes.Bias);
    }

    /// <summary>The weight, or G and H.</summary>
    public IReadOnlyList<LevelTensor> Weights { get; }

    public bool IsDecomposed => Weights.Count == 2;

    public ParameterTypes Types { get; }

    public IReadOnlyList<LevelTensor> InNameOrder { get; }

    public IReadOnlyList<LevelTensor> InPayloadOrder { get; }

    /// <summary>Sorts the tensors; they must be quantized alike.</summary>
    /// <exception cref="ArgumentException">The roles do not make a block of at least two tensors, or the rules contradict each other.</exception>
    public static BlockTensors From(IReadOnlyList<LevelTensor> tensors)
    {
        LevelTensor? Of(NncTensorRole role) => tensors.SingleOrDefault(tensor => tensor.Role == role);
        if (tensors.DistinctBy(tensor => tensor.Role).Count() != tensors.Count) throw new ArgumentException("A block holds one tensor of each role.", nameof(tensors));
        List<LevelTensor> weights = [.. new[] { Of(NncTensorRole.Weight), Of(NncTensorRole.LeftFactor), Of(NncTensorRole.RightFactor) }.OfType<LevelTensor>()];
        bool single = weights is [{ Role: NncTensorRole.Weight }];
        bool factors = weights is [{ Role: NncTensorRole.LeftFactor }, { Role: NncTensorRole.RightFactor }];
        List<LevelTensor> batchNorm = [.. BatchNormRoles.Select(Of).OfType<LevelTensor>()];
        if (!(single || factors) || batchNorm.Count is not (0 or 4) || tensors.Count < 2)
            throw new ArgumentException("A block holds a weight or two factors, and beside them local scaling, bias, or all four tensors of batch norm.", nameof(tensors));
        foreach (LevelTensor tensor in tensors) CheckRule(tensor, tensors[0], weights);
        if (factors && weights[0].Rule.Codebook is null != weights[1].Rule.Codebook is null) throw new ArgumentException("Both factors have a codebook or none.", nameof(tensors));
        return new BlockTensors(weights, Of(NncTensorRole.LocalScaling), batchNorm, Of(NncTensorRole.Bias));
    }

    /// <summary>Checks the shapes against that of the whole weight.</summary>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public void Check(TensorShape weight)
    {
        if (weight.Rank == 0) throw new ArgumentException("A block's weight has dimensions.");
        foreach (LevelTensor tensor in InPayloadOrder.Except(Weights))
        {
            if (tensor.Shape != new TensorShape(weight[0])) throw new ArgumentException($"Tensor '{tensor.Name}' of shape {tensor.Shape} does not fit a weight of shape {weight}: one value per row is needed.");
        }

        if (!IsDecomposed) return;
        TensorShape left = Weights[0].Shape, right = Weights[1].Shape;
        if (left.Rank != 2 || right.Rank != 2 || left[1] != right[0] || left[0] * right[1] != weight.ElementCount)
            throw new ArgumentException($"Factors of shape {left} and {right} do not make a weight of shape {weight}.");
    }

    private static void CheckRule(LevelTensor tensor, LevelTensor first, List<LevelTensor> weights)
    {
        bool allowed = tensor.Rule.Kind == LevelKind.Uniform || (tensor.Rule.Kind == LevelKind.Codebook && weights.Contains(tensor));
        if (!allowed) throw new ArgumentException($"Tensor '{tensor.Name}' is neither uniform nor a weight with a codebook; it cannot be in a block.");
        if (tensor.Rule.DependentQuantization != first.Rule.DependentQuantization) throw new ArgumentException("All tensors of a block use dependent quantization or none does.");
    }
}
