using Tersor.Models;

namespace Tersor.Engine.Kernels;

/// <summary>What an element-wise function of two arguments is: whole runs for the common layouts, single elements for the rest, and its derivatives.</summary>
internal interface IBroadcastFunction
{
    static abstract void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result);

    static abstract void Apply(ReadOnlySpan<float> x, float y, Span<float> result);

    static abstract void Apply(float x, ReadOnlySpan<float> y, Span<float> result);

    static abstract float Apply(float x, float y);

    static abstract long Apply(long x, long y);

    /// <summary>Derivative with respect to <paramref name="x"/>, where the function gave <paramref name="result"/>.</summary>
    static abstract float DerivativeX(float x, float y, float result);

    /// <summary>Derivative with respect to <paramref name="y"/>, where the function gave <paramref name="result"/>.</summary>
    static abstract float DerivativeY(float x, float y, float result);
}

/// <summary>A walk over two broadcast arguments and a dense result.</summary>
internal sealed class BroadcastLoop
{
    private readonly int[] _dimensions;
    private readonly int[] _leftStrides;
    private readonly int[] _rightStrides;
    private readonly int[] _counters;
    private readonly int _count;

    public BroadcastLoop(TensorShape left, TensorShape right, TensorShape result)
    {
        long[] leftStrides = StridedLoop.BroadcastStrides(left, result.Dimensions);
        long[] rightStrides = StridedLoop.BroadcastStrides(right, result.Dimensions);
        List<(int Length, int Left, int Right)> merged = [];
        for (int i = 0; i < result.Rank; i++)
        {
            (int length, int l, int r) = ((int)result[i], (int)leftStrides[i], (int)rightStrides[i]);
            if (length == 1) continue;
            if (merged.Count > 0 && merged[^1].Left == (long)l * length && merged[^1].Right == (long)r * length)
                merged[^1] = (merged[^1].Length * length, l, r);
            else
                merged.Add((length, l, r));
        }

        if (merged.Count == 0) merged.Add((1, 1, 1));
        _dimensions = [.. merged.Select(dimension => dimension.Length)];
        _leftStrides = [.. merged.Select(dimension => dimension.Left)];
        _rightStrides = [.. merged.Select(dimension => dimension.Right)];
        _counters = new int[merged.Count];
        _count = (int)result.ElementCount;
    }

    /// <summary>The shape that two broadcast shapes make; null where they do not fit.</summary>
    public static TensorShape? ResultShape(TensorShape left, TensorShape right)
    {
        int rank = Math.Max(left.Rank, right.Rank);
        long[] dimensions = new long[rank];
        for (int i = 0; i < rank; i++)
        {
            long l = i < rank - left.Rank ? 1 : left[i - rank + left.Rank];
            long r = i < rank - right.Rank ? 1 : right[i - rank + right.Rank];
            if (l != r && l != 1 && r != 1) return null;
            dimensions[i] = l == 1 ? r : l;
        }

        return new TensorShape(dimensions);
    }

    public void Run<TFunction>(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> result)
        where TFunction : struct, IBroadcastFunction
    {
        Span<int> counters = _counters;
        counters.Clear();
        int length = _dimensions[^1];
        (int l, int r) = (_leftStrides[^1], _rightStrides[^1]);
        (int leftAt, int rightAt) = (0, 0);
        for (int at = 0; at < _count; at += length)
        {
            Span<float> run = result.Slice(at, length);
            if (l == 1 && r == 1) TFunction.Apply(left.Slice(leftAt, length), right.Slice(rightAt, length), run);
            else if (l == 1 && r == 0) TFunction.Apply(left.Slice(leftAt, length), right[rightAt], run);
            else if (l == 0 && r == 1) TFunction.Apply(left[leftAt], right.Slice(rightAt, length), run);
            else run.Fill(TFunction.Apply(left[leftAt], right[rightAt]));
            Advance(counters, ref leftAt, ref rightAt);
        }
    }

    public void Run<TFunction>(ReadOnlySpan<long> left, ReadOnlySpan<long> right, Span<long> result)
        where TFunction : struct, IBroadcastFunction
    {
        Span<int> counters = _counters;
        counters.Clear();
        int length = _dimensions[^1];
        (int l, int r) = (_leftStrides[^1], _rightStrides[^1]);
        (int leftAt, int rightAt) = (0, 0);
        for (int at = 0; at < _count; at += length)
        {
            for (int i = 0; i < length; i++) result[at + i] = TFunction.Apply(left[leftAt + (i * l)], right[rightAt + (i * r)]);
            Advance(counters, ref leftAt, ref rightAt);
        }
    }

    /// <summary>Multiplies the result's gradient by the derivative with respect to one argument; the gradient has the result's shape.</summary>
    public void RunDerivative<TFunction>(
        bool ofLeft, ReadOnlySpan<float> left, ReadOnlySpan<float> right, ReadOnlySpan<float> result, ReadOnlySpan<float> resultGradient, Span<float> gradient)
        where TFunction : struct, IBroadcastFunction
    {
        Span<int> counters = _counters;
        counters.Clear();
        int length = _dimensions[^1];
        (int l, int r) = (_leftStrides[^1], _rightStrides[^1]);
        (int leftAt, int rightAt) = (0, 0);
        for (int at = 0; at < _count; at += length)
        {
            for (int i = 0; i < length; i++)
            {
                float x = left[leftAt + (i * l)];
                float y = right[rightAt + (i * r)];
                float slope = ofLeft ? TFunction.DerivativeX(x, y, result[at + i]) : TFunction.DerivativeY(x, y, result[at + i]);
                gradient[at + i] = resultGradient[at + i] * slope;
            }

            Advance(counters, ref leftAt, ref rightAt);
        }
    }

    private void Advance(Span<int> counters, ref int leftAt, ref int rightAt)
    {
        for (int i = counters.Length - 2; i >= 0; i--)
        {
            leftAt += _leftStrides[i];
            rightAt += _rightStrides[i];
            if (++counters[i] < _dimensions[i]) return;
            leftAt -= _leftStrides[i] * _dimensions[i];
            rightAt -= _rightStrides[i] * _dimensions[i];
            counters[i] = 0;
        }
    }
}
