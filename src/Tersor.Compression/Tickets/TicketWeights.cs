using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Tickets;

/// <summary>What the survivors of a pruning start again from.</summary>
public enum RewindTarget
{
    /// <summary>The weights before all training: the ticket (Frankle and Carbin 2019, arXiv 1803.03635).</summary>
    Initial,

    /// <summary>The weights after a few epochs, for deep networks (Frankle et al. 2019, arXiv 1903.01611).</summary>
    Early,

    /// <summary>The signs of the initial weights, all of a layer with one magnitude: the deviation of its initial weights (Zhou et al. 2019, arXiv 1905.01067).</summary>
    Signs,

    /// <summary>New random weights under the same mask: the control that a ticket must beat.</summary>
    Random,
}

/// <summary>Networks with the weights of one and the zeros of another.</summary>
public static class TicketWeights
{
    /// <summary>The weights of one network, with zeros where another has them.</summary>
    /// <param name="weights">The values.</param>
    /// <param name="mask">A network of the same shapes whose zeros count.</param>
    /// <param name="pruned">The tensors whose zeros count.</param>
    public static OnnxGraph Masked(OnnxGraph weights, OnnxGraph mask, IReadOnlySet<string> pruned) => Map(weights, mask, pruned, values => value => value);

    /// <summary>The signs of the weights of one network times the deviation of their layer, with zeros where another has them.</summary>
    /// <inheritdoc cref="Masked"/>
    public static OnnxGraph Signs(OnnxGraph weights, OnnxGraph mask, IReadOnlySet<string> pruned) => Map(weights, mask, pruned, values =>
    {
        double squares = 0;
        foreach (float value in values) squares += (double)value * value;
        float magnitude = (float)Math.Sqrt(squares / Math.Max(1, values.Length));
        return value => MathF.CopySign(magnitude, value);
    });

    private static OnnxGraph Map(OnnxGraph weights, OnnxGraph mask, IReadOnlySet<string> pruned, Func<float[], Func<float, float>> make)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentNullException.ThrowIfNull(pruned);
        Dictionary<string, Tensor> zeros = mask.Initializers.Where(tensor => pruned.Contains(tensor.Name)).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Dictionary<string, Tensor> replaced = new(StringComparer.Ordinal);
        foreach (Tensor tensor in weights.Initializers.Where(tensor => zeros.ContainsKey(tensor.Name)))
        {
            float[] values = tensor.ReadSingles();
            float[] isKept = zeros[tensor.Name].ReadSingles();
            Func<float, float> map = make(values);
            replaced[tensor.Name] = new Tensor(tensor.Name, tensor.Shape, [.. values.Select((value, i) => isKept[i] == 0 ? 0 : map(value))]);
        }

        return weights.WithInitializers(replaced);
    }
}
