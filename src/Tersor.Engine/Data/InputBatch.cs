using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Data;

/// <summary>How samples fit a model with one input, and become its values.</summary>
public static class InputBatch
{
    /// <summary>The batch that the model fixes, or the one wanted.</summary>
    /// <exception cref="DataMismatchException">The model has not one input of binary32 values.</exception>
    public static int SizeFor(ExecutableGraph graph, int wanted)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (graph.Inputs.Count != 1)
            throw new DataMismatchException($"{graph.Source} has {graph.Inputs.Count} inputs ({string.Join(", ", graph.Inputs)}); data sets feed models with one.");
        if (graph.Inputs[0].ElementType is not (ElementType.Float32 or ElementType.Undefined))
            throw new DataMismatchException($"{graph.Source} takes '{graph.Inputs[0]}'; data sets are fed as float32.");
        if (graph.Inputs[0].Dimensions is not { Count: > 0 } dimensions || dimensions[0].Size is not { } size) return wanted;
        return size is >= 1 and <= int.MaxValue ? (int)size : throw new DataMismatchException($"{graph.Source} takes '{graph.Inputs[0]}', a batch of {size} samples.");
    }

    /// <summary>The input's shape for a batch of samples. A model may take them flat, or with more or fewer dimensions of 1.</summary>
    /// <param name="graph">A model with one input.</param>
    /// <param name="sample">Shape of one sample after preprocessing.</param>
    /// <param name="batch">Samples.</param>
    /// <exception cref="DataMismatchException">The model does not take such samples; both shapes are named.</exception>
    public static IReadOnlyDictionary<string, TensorShape> ShapesFor(ExecutableGraph graph, TensorShape sample, int batch)
    {
        ArgumentNullException.ThrowIfNull(graph);
        OnnxGraphValue input = graph.Inputs[0];
        long[] shape = [batch, .. sample.Dimensions];
        if (input.Dimensions is { } declared && !Fits(declared, shape))
        {
            shape = [.. declared.Select((dimension, i) => dimension.Size ?? (i == 0 ? batch : -1))];
            if (!IsSameOrder(shape, sample))
            {
                string hint = IsChannelsLast(shape, sample) ? "; it seems to take the channels last, as the layout nhwc does" : "";
                throw new DataMismatchException($"{graph.Source} takes '{input}', the data has samples of {sample}{hint}.");
            }
        }

        return new Dictionary<string, TensorShape>(StringComparer.Ordinal) { [input.Name] = new TensorShape(shape) };
    }

    /// <summary>Writes samples as a model's input; what is left of the input becomes zero.</summary>
    /// <param name="samples">Where they come from.</param>
    /// <param name="start">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="preprocessing">How pixels become inputs.</param>
    /// <param name="pixels">Working memory for one sample.</param>
    /// <param name="input">At least <paramref name="count"/> samples long.</param>
    public static void Fill(SampleSet samples, int start, int count, Preprocessing preprocessing, Span<float> pixels, Span<float> input)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(preprocessing);
        for (int i = 0; i < count; i++)
        {
            samples.CopyTo(start + i, pixels);
            preprocessing.Apply(samples.SampleShape, pixels, input.Slice(i * pixels.Length, pixels.Length));
        }

        input[(count * pixels.Length)..].Clear();
    }

    /// <summary>Whether the elements of a sample are in the order of a model's input: only dimensions of 1 differ, or the model takes them flat.</summary>
    private static bool IsSameOrder(long[] input, TensorShape sample)
    {
        if (input.Length == 2) return input[1] == sample.ElementCount;
        return input.Skip(1).Where(size => size != 1).SequenceEqual(sample.Dimensions.ToArray().Where(size => size != 1));
    }

    private static bool IsChannelsLast(long[] input, TensorShape sample) =>
        sample.Rank == 3 && input.Length == 4 && input[1] == sample[1] && input[2] == sample[2] && input[3] == sample[0];

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
