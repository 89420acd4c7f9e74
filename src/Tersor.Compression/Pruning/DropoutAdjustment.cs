using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Pruning;

/// <summary>
/// Dropout for a network with fewer connections: <c>D' = D sqrt(C' / C)</c>, C being the connections of the layer that reads what is dropped (Han et al. 2015, section 3.3). A sparse layer overfits less.
/// </summary>
public static class DropoutAdjustment
{
    /// <summary>The pruned network with lower rates of dropout.</summary>
    /// <param name="before">The network before, with the same tensors.</param>
    /// <param name="after">The pruned network.</param>
    public static OnnxGraph Apply(OnnxGraph before, OnnxGraph after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        Dictionary<string, Tensor> old = before.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Dictionary<string, Tensor> present = after.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Dictionary<string, Tensor> rates = new(StringComparer.Ordinal);
        foreach (OnnxNode dropout in after.Nodes.Where(node => node.OperatorType == "Dropout" && node.Inputs.Count > 1))
        {
            if (present.GetValueOrDefault(dropout.Inputs[1]) is not { ElementType: ElementType.Float32 } rate) continue;
            if (ReaderOf(after, dropout.Outputs[0], present) is not { } weight || !old.TryGetValue(weight, out Tensor? was)) continue;
            double share = (double)Count(present[weight]) / Math.Max(1, Count(was));
            rates[rate.Name] = new Tensor(rate.Name, rate.Shape, Array.ConvertAll(rate.ReadSingles(), value => (float)(value * Math.Sqrt(share))));
        }

        return rates.Count == 0 ? after : after.WithInitializers(rates);
    }

    // The weight of the product that a value reaches through operators of one input.
    private static string? ReaderOf(OnnxGraph graph, string value, Dictionary<string, Tensor> weights)
    {
        for (int hops = 0; hops < graph.Nodes.Count; hops++)
        {
            OnnxNode? reader = graph.Nodes.FirstOrDefault(node => node.Inputs.Count > 0 && node.Inputs[0] == value);
            if (reader is null) return null;
            if (reader.OperatorType is "Gemm" or "Conv" or "MatMul") return reader.Inputs.Count > 1 && weights.ContainsKey(reader.Inputs[1]) ? reader.Inputs[1] : null;
            value = reader.Outputs[0];
        }

        return null;
    }

    private static int Count(Tensor weight) => WeightMask.CountKept(WeightMask.OfNonZero(weight.ReadSingles()));
}
