namespace Tersor.Models.Onnx;

/// <summary>
/// Moves what the four vectors of a batch normalization say into two of them: <c>scale' = scale sqrt(1 + e) / sqrt(var + e)</c> and
/// <c>bias' = bias - mean scale / sqrt(var + e)</c>, after which the mean is 0 and the variance 1, which cost next to nothing. The network computes the same at inference, up to
/// the rounding of the two vectors.
/// </summary>
public static class BatchNormFolding
{
    private const float DefaultEpsilon = 1e-5f;

    /// <summary>The same model with other values in the vectors of its batch normalizations; the model itself where there are none that can be folded, or where subgraphs might use them too.</summary>
    /// <param name="model">Stays open and owned by the caller: the result reads through it.</param>
    /// <exception cref="ModelFormatException">The topology is malformed.</exception>
    public static Model Apply(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.MakeTopology(_ => true) is not { Format: TopologyFormat.Onnx }) return model;
        OnnxGraph graph = OnnxGraph.FromModel(model);
        if (graph.Nodes.Any(node => node.Attributes.Any(attribute => attribute.Type is OnnxAttributeType.Graph or OnnxAttributeType.Graphs))) return model;
        Dictionary<string, int> uses = new(StringComparer.Ordinal);
        foreach (string name in graph.Nodes.SelectMany(node => node.Inputs).Concat(graph.Outputs.Select(output => output.Name))) uses[name] = uses.GetValueOrDefault(name) + 1;
        Dictionary<string, Tensor> folded = new(StringComparer.Ordinal);
        foreach (OnnxNode node in graph.Nodes.Where(node => node is { OperatorType: "BatchNormalization", Domain: "" or "ai.onnx", Inputs.Count: 5, Outputs.Count: 1 }))
        {
            Tensor?[] vectors = [.. node.Inputs.Skip(1).Select(model.Find)];
            if (node.Find("training_mode") is { Type: OnnxAttributeType.Int, Int: not 0 }) continue;
            if (vectors.All(vector => vector is { ElementType: ElementType.Float32 } && uses[vector.Name] == 1 && vector.Shape == vectors[0]!.Shape && model.CanDetach(vector)))
                Fold(vectors, node.Find("epsilon") is { Type: OnnxAttributeType.Float } epsilon ? epsilon.Float : DefaultEpsilon, folded);
        }

        return model.WithTensors(folded);
    }

    private static void Fold(Tensor?[] vectors, float epsilon, Dictionary<string, Tensor> folded)
    {
        float[][] values = [.. vectors.Select(vector => vector!.ReadSingles())];
        (float[] scale, float[] bias, float[] mean, float[] variance) = (values[0], values[1], values[2], values[3]);
        for (int i = 0; i < scale.Length; i++)
        {
            double factor = scale[i] / Math.Sqrt((double)variance[i] + epsilon);
            bias[i] = (float)(bias[i] - (mean[i] * factor));
            scale[i] = (float)(factor * Math.Sqrt(1.0 + epsilon));
            if (!float.IsFinite(scale[i]) || !float.IsFinite(bias[i])) return;
        }

        Array.Clear(mean);
        Array.Fill(variance, 1);
        for (int i = 0; i < values.Length; i++) folded[vectors[i]!.Name] = new Tensor(vectors[i]!.Name, vectors[i]!.Shape, values[i]);
    }
}
