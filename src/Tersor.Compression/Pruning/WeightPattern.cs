using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Pruning;

/// <summary>
/// N of each run of M weights along the inputs of a layer (Mishra et al. 2021, arXiv 2104.08378). Along the inputs means along the sum of a product, and of a convolution the input channels at one place of the kernel:
/// where these are fewer than M, as with one channel of a picture or depthwise, there is one shorter run, which keeps the smaller of N and its length.
/// </summary>
/// <param name="Keep">N.</param>
/// <param name="Of">M.</param>
/// <param name="Inputs">Weights along the inputs.</param>
/// <param name="Stride">Elements from one of them to the next.</param>
public sealed record WeightPattern(int Keep, int Of, int Inputs, int Stride)
{
    /// <summary>The pattern on a weight of a network.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="name">Of the weight, which has two dimensions or more.</param>
    /// <param name="shape">Of the weight.</param>
    /// <param name="keep">N.</param>
    /// <param name="of">M.</param>
    public static WeightPattern Along(OnnxGraph graph, string name, TensorShape shape, int keep, int of)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(name);
        int axis = InputAxis.Of(graph, name);
        int stride = 1;
        for (int d = axis + 1; d < shape.Rank; d++) stride *= (int)shape[d];
        return new WeightPattern(keep, of, (int)shape[axis], stride);
    }

    /// <summary>Those of the highest scores in each run; of equal ones the first.</summary>
    /// <param name="scores">One per weight, row-major.</param>
    public bool[] MaskOf(ReadOnlySpan<float> scores)
    {
        bool[] isKept = new bool[scores.Length];
        Mask(scores, isKept);
        return isKept;
    }

    /// <summary>The same without an array of its own.</summary>
    /// <param name="scores">One per weight, row-major.</param>
    /// <param name="isKept">For each weight whether it stays.</param>
    public void Mask(ReadOnlySpan<float> scores, Span<bool> isKept)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Keep, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Of, Keep);
        int outer = scores.Length / (Stride * Inputs);
        for (int o = 0; o < outer; o++)
        {
            for (int s = 0; s < Stride; s++)
            {
                for (int first = 0; first < Inputs; first += Of)
                {
                    int length = Math.Min(Of, Inputs - first);
                    int start = (((o * Inputs) + first) * Stride) + s;
                    for (int i = 0; i < length; i++) isKept[start + (i * Stride)] = RankInRun(scores[start..], length, i) < Keep;
                }
            }
        }
    }

    // What cannot be judged stays.
    private static float Comparable(float score) => float.IsNaN(score) ? float.PositiveInfinity : score;

    // How many of a run stand before one of it: runs are short, and some trainings rank them at every step.
    private int RankInRun(ReadOnlySpan<float> run, int length, int place)
    {
        float own = Comparable(run[place * Stride]);
        int rank = 0;
        for (int i = 0; i < length; i++)
        {
            float other = Comparable(run[i * Stride]);
            if (i < place ? other >= own : other > own) rank++;
        }

        return rank;
    }
}
