using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Correction;

/// <summary>A place in a network where vectors can take up what quantization did to the value there.</summary>
/// <param name="value">Name of the value that is measured.</param>
/// <param name="axis">Its axis of channels; counted from the end where negative.</param>
internal abstract class CorrectedPlace(string value, int axis)
{
    public string Value => value;

    public int Axis => axis;

    /// <summary>The vectors that bring the moments of the quantized network back to those of the original.</summary>
    public abstract IEnumerable<Tensor> Correct(ChannelMoments original, ChannelMoments quantized);

    /// <summary>The places of a network in the order of its file, of those vectors that one node alone uses.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="biases">Whether biases are to follow means.</param>
    /// <param name="normalizations">Whether batch normalizations are to follow the moments of their inputs.</param>
    /// <param name="canChange">Whether other values can take a tensor's place.</param>
    public static IReadOnlyList<CorrectedPlace> Of(OnnxGraph graph, bool biases, bool normalizations, Func<Tensor, bool> canChange)
    {
        Dictionary<string, int> uses = new(StringComparer.Ordinal);
        foreach (string name in graph.Nodes.SelectMany(node => node.Inputs).Concat(graph.Outputs.Select(output => output.Name))) uses[name] = uses.GetValueOrDefault(name) + 1;
        Dictionary<string, Tensor> vectors = graph.Initializers
            .Where(tensor => tensor is { ElementType: ElementType.Float32, Shape.Rank: 1 } && uses.GetValueOrDefault(tensor.Name) == 1 && canChange(tensor))
            .ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Tensor? Vector(OnnxNode node, int input) => input < node.Inputs.Count ? vectors.GetValueOrDefault(node.Inputs[input]) : null;

        List<CorrectedPlace> places = [];
        foreach (OnnxNode node in graph.Nodes.Where(node => node.Domain is "" or "ai.onnx" && node.Outputs.Count == 1))
        {
            bool normalizes = node.OperatorType == "BatchNormalization" && node.Find("training_mode") is not { Type: OnnxAttributeType.Int, Int: not 0 };
            if (normalizes && normalizations && Vector(node, 3) is { } mean && Vector(node, 4) is { } variance)
            {
                places.Add(new BatchNormPlace(node.Inputs[0], mean, variance));
                continue;
            }

            if (!biases) continue;
            Tensor? bias = node.OperatorType switch
            {
                "BatchNormalization" when normalizes => Vector(node, 2),
                "Conv" => Vector(node, 2),
                "Gemm" when node.Find("beta") is not { Type: OnnxAttributeType.Float, Float: not 1 } => Vector(node, 2),
                "Add" => Vector(node, 1) ?? Vector(node, 0),
                _ => null,
            };
            if (bias is not null) places.Add(new BiasPlace(node.Outputs[0], node.OperatorType == "Add" ? -1 : 1, bias));
        }

        return places;
    }

    // The mean output moves with the bias.
    private sealed class BiasPlace(string value, int axis, Tensor bias) : CorrectedPlace(value, axis)
    {
        public override IEnumerable<Tensor> Correct(ChannelMoments original, ChannelMoments quantized)
        {
            // Added to values with one channel or none, a vector makes channels that are not those of the layer.
            float[] values = bias.ReadSingles();
            if (original.Means.Length != values.Length) yield break;
            for (int i = 0; i < values.Length; i++) values[i] = (float)(values[i] + original.Means[i] - quantized.Means[i]);
            yield return new Tensor(bias.Name, bias.Shape, values);
        }
    }

    // Statistics of a network come from its training, with other images than ours: what quantization changed of ours is changed of them.
    private sealed class BatchNormPlace(string value, Tensor mean, Tensor variance) : CorrectedPlace(value, axis: 1)
    {
        public override IEnumerable<Tensor> Correct(ChannelMoments original, ChannelMoments quantized)
        {
            (float[] means, float[] variances) = (mean.ReadSingles(), variance.ReadSingles());
            if (original.Means.Length != means.Length || original.Means.Length != variances.Length) yield break;
            for (int i = 0; i < means.Length; i++)
            {
                means[i] = (float)(means[i] + quantized.Means[i] - original.Means[i]);
                double ratio = quantized.Variances[i] / original.Variances[i];
                if (double.IsFinite(ratio)) variances[i] = (float)(variances[i] * ratio);
            }

            yield return new Tensor(mean.Name, mean.Shape, means);
            yield return new Tensor(variance.Name, variance.Shape, variances);
        }
    }
}
