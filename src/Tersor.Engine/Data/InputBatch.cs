using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Data;

/// <summary>How samples fit a model with one input.</summary>
internal static class InputBatch
{
    /// <summary>The batch that the model fixes, or the one wanted.</summary>
    public static int SizeFor(ExecutableGraph graph, int wanted)
    {
        if (graph.Inputs.Count != 1)
            throw new ArgumentException($"{graph.Source} has {graph.Inputs.Count} inputs ({string.Join(", ", graph.Inputs)}); data sets feed models with one.", nameof(graph));
        return graph.Inputs[0].Dimensions is { Count: > 0 } dimensions && dimensions[0].Size is { } size ? checked((int)size) : wanted;
    }

    /// <summary>The input's shape for a batch of samples; a sample that the model takes in another shape with as many elements is accepted.</summary>
    public static IReadOnlyDictionary<string, TensorShape> ShapesFor(ExecutableGraph graph, TensorShape sample, int batch)
    {
        OnnxGraphValue input = graph.Inputs[0];
        long[] shape = [batch, .. sample.Dimensions];
        if (input.Dimensions is { } declared && !Fits(declared, shape))
        {
            long[] wanted = [.. declared.Select((dimension, i) => dimension.Size ?? (i == 0 ? batch : -1))];
            if (wanted.Contains(-1) || new TensorShape(wanted).ElementCount != batch * sample.ElementCount)
                throw new ArgumentException($"{graph.Source} takes '{input}', the data has samples of {sample}.", nameof(sample));
            shape = wanted;
        }

        return new Dictionary<string, TensorShape>(StringComparer.Ordinal) { [input.Name] = new TensorShape(shape) };
    }

    private static bool Fits(IReadOnlyList<OnnxDimension> declared, long[] shape)
    {
        if (declared.Count != shape.Length) return false;
        for (int i = 0; i < shape.Length; i++)
        {
            if (declared[i].Size is { } size && size != shape[i]) return false;
        }

        return true;
    }
}
