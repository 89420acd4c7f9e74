using Tersor.Models;

namespace Tersor.Compression.Channels;

/// <summary>Elements of a tensor at regular places: <c>Count</c> runs of <c>Length</c>, the first at <c>Start</c>, each <c>Stride</c> behind the one before.</summary>
internal readonly record struct WeightBlock(string Parameter, int Start, int Length, int Count, int Stride)
{
    public int ElementCount => Length * Count;

    /// <summary>The union of slices of a tensor.</summary>
    /// <param name="parameter">Its name.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="slices">Indices in ascending order by axis, axes in ascending order.</param>
    public static IEnumerable<WeightBlock> Of(string parameter, TensorShape shape, IReadOnlyList<(int Axis, int[] Indices)> slices)
    {
        for (int s = 0; s < slices.Count; s++)
        {
            (int axis, int[] indices) = slices[s];
            int size = (int)shape[axis];
            int inner = (int)new TensorShape(shape.Dimensions[(axis + 1)..]).ElementCount;
            int[] outers = OutersWithout(shape, axis, [.. slices.Take(s)]);
            foreach ((int first, int length) in Runs(indices))
            {
                foreach ((int from, int count) in Runs(outers))
                    yield return new WeightBlock(parameter, ((from * size) + first) * inner, length * inner, count, size * inner);
            }
        }
    }

    public double SumOfSquares(ReadOnlySpan<float> values)
    {
        double sum = 0;
        for (int run = 0; run < Count; run++)
        {
            foreach (float value in values.Slice(Start + (run * Stride), Length)) sum += (double)value * value;
        }

        return sum;
    }

    public double SumOfMagnitudes(ReadOnlySpan<float> values)
    {
        double sum = 0;
        for (int run = 0; run < Count; run++)
        {
            foreach (float value in values.Slice(Start + (run * Stride), Length)) sum += Math.Abs(value);
        }

        return sum;
    }

    public double Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double sum = 0;
        for (int run = 0; run < Count; run++)
        {
            int start = Start + (run * Stride);
            for (int i = start; i < start + Length; i++) sum += (double)left[i] * right[i];
        }

        return sum;
    }

    public void Scale(Span<float> values, float factor)
    {
        for (int run = 0; run < Count; run++)
        {
            foreach (ref float value in values.Slice(Start + (run * Stride), Length)) value *= factor;
        }
    }

    // The places before an axis that slices of the axes before it have not taken.
    private static int[] OutersWithout(TensorShape shape, int axis, (int Axis, int[] Indices)[] taken)
    {
        int outer = (int)new TensorShape(shape.Dimensions[..axis]).ElementCount;
        List<int> left = new(outer);
        for (int o = 0; o < outer; o++)
        {
            bool isTaken = false;
            foreach ((int other, int[] indices) in taken)
            {
                long within = new TensorShape(shape.Dimensions[(other + 1)..axis]).ElementCount;
                isTaken |= Array.BinarySearch(indices, (int)(o / within % shape[other])) >= 0;
            }

            if (!isTaken) left.Add(o);
        }

        return [.. left];
    }

    private static IEnumerable<(int First, int Length)> Runs(int[] ascending)
    {
        for (int i = 0; i < ascending.Length;)
        {
            int first = i;
            while (++i < ascending.Length && ascending[i] == ascending[i - 1] + 1)
            {
            }

            yield return (ascending[first], i - first);
        }
    }
}
