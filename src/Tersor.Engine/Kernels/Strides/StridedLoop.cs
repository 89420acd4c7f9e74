using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tersor.Models;

namespace Tersor.Engine.Kernels;

/// <summary>
/// A walk over two arrays by the same indices with strides of their own: what transposing, slicing, joining, padding, broadcasting and reducing are made of.
/// Adjacent dimensions are merged where both strides allow. A stride of 0 repeats an element (source) or sums into it (destination).
/// </summary>
internal sealed class StridedLoop
{
    private readonly int[] _dimensions;
    private readonly int[] _sourceStrides;
    private readonly int[] _destinationStrides;
    private readonly int[] _counters;
    private readonly int _sourceOffset;
    private readonly int _destinationOffset;
    private readonly bool _isEmpty;

    public StridedLoop(
        ReadOnlySpan<long> dimensions, ReadOnlySpan<long> sourceStrides, long sourceOffset, ReadOnlySpan<long> destinationStrides, long destinationOffset)
    {
        List<(int Length, int Source, int Destination)> merged = [];
        for (int i = 0; i < dimensions.Length; i++)
        {
            int length = checked((int)dimensions[i]);
            int source = checked((int)sourceStrides[i]);
            int destination = checked((int)destinationStrides[i]);
            _isEmpty |= length == 0;
            if (length == 1) continue;
            if (merged.Count > 0 && merged[^1].Source == (long)source * length && merged[^1].Destination == (long)destination * length)
                merged[^1] = (merged[^1].Length * length, source, destination);
            else
                merged.Add((length, source, destination));
        }

        if (merged.Count == 0) merged.Add((1, 1, 1));
        _dimensions = [.. merged.Select(dimension => dimension.Length)];
        _sourceStrides = [.. merged.Select(dimension => dimension.Source)];
        _destinationStrides = [.. merged.Select(dimension => dimension.Destination)];
        _counters = new int[merged.Count];
        _sourceOffset = checked((int)sourceOffset);
        _destinationOffset = checked((int)destinationOffset);
    }

    /// <summary>Row-major strides of a shape.</summary>
    public static long[] StridesOf(ReadOnlySpan<long> dimensions)
    {
        long[] strides = new long[dimensions.Length];
        long stride = 1;
        for (int i = dimensions.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= dimensions[i];
        }

        return strides;
    }

    /// <summary>Strides that read <paramref name="shape"/> as if it were broadcast to <paramref name="target"/>: 0 where it repeats.</summary>
    public static long[] BroadcastStrides(TensorShape shape, ReadOnlySpan<long> target)
    {
        long[] own = StridesOf(shape.Dimensions);
        long[] strides = new long[target.Length];
        int shift = target.Length - shape.Rank;
        for (int i = 0; i < shape.Rank; i++) strides[i + shift] = shape[i] == 1 ? 0 : own[i];
        return strides;
    }

    /// <summary>A walk from a tensor to the larger one that it is broadcast to.</summary>
    public static StridedLoop Broadcast(TensorShape source, TensorShape target) =>
        new(target.Dimensions, BroadcastStrides(source, target.Dimensions), 0, StridesOf(target.Dimensions), 0);

    /// <summary>A walk from a tensor to the smaller one that it is summed into.</summary>
    public static StridedLoop Reduce(TensorShape source, TensorShape target) =>
        new(source.Dimensions, StridesOf(source.Dimensions), 0, BroadcastStrides(target, source.Dimensions), 0);

    /// <summary>Copies every element.</summary>
    public void Copy<T>(ReadOnlySpan<T> source, Span<T> destination)
        where T : struct
    {
        if (_isEmpty) return;
        int last = _dimensions.Length - 1;
        int length = _dimensions[last];
        int from = _sourceStrides[last];
        int to = _destinationStrides[last];
        Span<int> counters = _counters;
        counters.Clear();
        (int sourceAt, int destinationAt) = (_sourceOffset, _destinationOffset);
        do
        {
            if (to == 1 && from == 1)
            {
                source.Slice(sourceAt, length).CopyTo(destination.Slice(destinationAt, length));
            }
            else if (to == 1 && from == 0)
            {
                destination.Slice(destinationAt, length).Fill(source[sourceAt]);
            }
            else
            {
                CheckRun(source.Length, sourceAt, from, length);
                CheckRun(destination.Length, destinationAt, to, length);
                ref T sourceStart = ref MemoryMarshal.GetReference(source);
                ref T destinationStart = ref MemoryMarshal.GetReference(destination);
                for (int i = 0; i < length; i++)
                    Unsafe.Add(ref destinationStart, destinationAt + (i * to)) = Unsafe.Add(ref sourceStart, sourceAt + (i * from));
            }
        }
        while (Advance(counters, ref sourceAt, ref destinationAt));
    }

    /// <summary>Adds every element to where it goes, in index order.</summary>
    public void Add(ReadOnlySpan<float> source, Span<float> destination)
    {
        if (_isEmpty) return;
        int last = _dimensions.Length - 1;
        int length = _dimensions[last];
        int from = _sourceStrides[last];
        int to = _destinationStrides[last];
        Span<int> counters = _counters;
        counters.Clear();
        (int sourceAt, int destinationAt) = (_sourceOffset, _destinationOffset);
        do
        {
            if (to == 1 && from == 1)
            {
                Span<float> run = destination.Slice(destinationAt, length);
                TensorPrimitives.Add(run, source.Slice(sourceAt, length), run);
            }
            else if (to == 0 && from == 1)
            {
                destination[destinationAt] += TensorPrimitives.Sum(source.Slice(sourceAt, length));
            }
            else
            {
                for (int i = 0; i < length; i++) destination[destinationAt + (i * to)] += source[sourceAt + (i * from)];
            }
        }
        while (Advance(counters, ref sourceAt, ref destinationAt));
    }

    private static void CheckRun(int available, int start, int stride, int length)
    {
        int end = start + (stride * (length - 1));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)start, (uint)available);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)end, (uint)available);
    }

    private bool Advance(Span<int> counters, ref int sourceAt, ref int destinationAt)
    {
        for (int i = counters.Length - 2; i >= 0; i--)
        {
            sourceAt += _sourceStrides[i];
            destinationAt += _destinationStrides[i];
            if (++counters[i] < _dimensions[i]) return true;
            sourceAt -= _sourceStrides[i] * _dimensions[i];
            destinationAt -= _destinationStrides[i] * _dimensions[i];
            counters[i] = 0;
        }

        return false;
    }
}
