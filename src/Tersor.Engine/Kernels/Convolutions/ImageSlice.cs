using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Engine.Kernels;

/// <summary>
/// The part of an image that some rows of a convolution's output read, with its padding, and with its columns sorted by their
/// remainder modulo the stride: every row of a patch is then contiguous, without a test for edges.
/// </summary>
/// <remarks>
/// 1. Channel by channel; 2. row by row, from the first that the first output row reads; 3. remainder by remainder; 4. columns.
/// </remarks>
internal readonly struct ImageSlice
{
    private const int Slack = 16;

    private readonly WindowAxis _rows;
    private readonly WindowAxis _columns;

    public ImageSlice(WindowAxis rows, WindowAxis columns, int outputRows)
    {
        _rows = rows;
        _columns = columns;
        RowCount = (outputRows - 1) * rows.Stride + (rows.KernelSize - 1) * rows.Dilation + 1;
        RemainderWidth = ((columns.OutputSize - 1) * columns.Stride + (columns.KernelSize - 1) * columns.Dilation) / columns.Stride + 1;
        RowLength = RemainderWidth * columns.Stride;
    }

    /// <summary>Rows of a channel.</summary>
    public int RowCount { get; }

    /// <summary>Values of a row: all remainders.</summary>
    public int RowLength { get; }

    /// <summary>Values of one remainder of a row.</summary>
    public int RemainderWidth { get; }

    /// <summary>Values from one channel to the next.</summary>
    public long ChannelLength => (long)RowCount * RowLength;

    /// <summary>Values from one output row to the next.</summary>
    public int OutputRowStep => _rows.Stride * RowLength;

    /// <summary>Values of scratch for some channels: reading a whole vector at the last value stays within, and one row more, to sort from.</summary>
    public long Length(int channels) => channels * ChannelLength + Slack + RowLength;

    /// <summary>Where the patch element of a kernel position begins for the first output of the slice, within a channel.</summary>
    public int Offset(int kernelRow, int kernelColumn)
    {
        int column = kernelColumn * _columns.Dilation;
        return kernelRow * _rows.Dilation * RowLength + column % _columns.Stride * RemainderWidth + column / _columns.Stride;
    }

    /// <summary>Copies channels of one image for the output rows from <paramref name="firstOutputRow"/>, with <paramref name="padding"/> outside it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void Fill(float* image, int channels, int firstOutputRow, float* slice, float padding = 0f)
    {
        int firstRow = firstOutputRow * _rows.Stride - _rows.PadBefore;
        float* unsorted = slice + channels * ChannelLength + Slack;
        nint imageChannel = (nint)_rows.InputSize * _columns.InputSize;
        for (int channel = 0; channel < channels; channel++)
        {
            for (int row = 0; row < RowCount; row++)
            {
                float* target = slice + row * (nint)RowLength;
                if (!IsRead(row))
                {
                    continue;
                }

                int source = firstRow + row;
                if ((uint)source < (uint)_rows.InputSize)
                {
                    // A row that is followed by another may be read a little past its end.
                    bool canPassEnd = channel + 1 < channels || source + 1 < _rows.InputSize;
                    FillRow(image + source * (nint)_columns.InputSize, target, unsorted, padding, canPassEnd);
                }
                else
                {
                    new Span<float>(target, RowLength).Fill(padding);
                }
            }

            slice += ChannelLength;
            image += imageChannel;
        }
    }

    /// <summary>Whether no window reads past the end of a row: a value there only fills up the last remainder.</summary>
    private bool IsPaddingUnread => (_columns.OutputSize - 1) * _columns.Stride + (_columns.KernelSize - 1) * _columns.Dilation < _columns.InputSize;

    /// <summary>Whether any kernel row reads this row; with a stride beyond the kernel, some are never read.</summary>
    private bool IsRead(int row)
    {
        if (_rows.Stride == 1)
        {
            return true;
        }

        for (int kernelRow = 0; kernelRow < _rows.KernelSize; kernelRow++)
        {
            if ((row - kernelRow * _rows.Dilation) % _rows.Stride == 0)
            {
                return true;
            }
        }

        return false;
    }

    private unsafe void FillRow(float* source, float* target, float* unsorted, float padding, bool canPassEnd)
    {
        if (_columns.Stride == 1)
        {
            FillContiguous(source, target, padding);
            return;
        }

        bool sortsInVectors = _columns.Stride == 2 && RemainderWidth >= Vector128<float>.Count && (Sse.IsSupported || AdvSimd.Arm64.IsSupported);
        bool isWhole = _columns.PadBefore == 0 && RowLength <= _columns.InputSize + (canPassEnd ? 1 : 0);
        if (sortsInVectors && isWhole && IsPaddingUnread)
        {
            SortAlternating(source, target);
            return;
        }

        FillContiguous(source, unsorted, padding);
        if (sortsInVectors)
        {
            SortAlternating(unsorted, target);
            return;
        }

        for (int remainder = 0; remainder < _columns.Stride; remainder++)
        {
            for (int index = 0; index < RemainderWidth; index++)
            {
                *target++ = unsorted[index * _columns.Stride + remainder];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void FillContiguous(float* source, float* target, float padding)
    {
        int before = Math.Clamp(_columns.PadBefore, 0, RowLength);
        int first = Math.Max(-_columns.PadBefore, 0);
        int count = Math.Clamp(_columns.InputSize - first, 0, RowLength - before);
        for (int i = 0; i < before; i++)
        {
            target[i] = padding;
        }

        for (int i = before + count; i < RowLength; i++)
        {
            target[i] = padding;
        }

        // Rows are short: vectors here, the last one overlapping, cost less than a call.
        source += first;
        target += before;
        if (count < Vector256<float>.Count)
        {
            for (int i = 0; i < count; i++)
            {
                target[i] = source[i];
            }

            return;
        }

        for (int i = 0; i + Vector256<float>.Count <= count; i += Vector256<float>.Count)
        {
            Vector256.Load(source + i).Store(target + i);
        }

        Vector256.Load(source + count - Vector256<float>.Count).Store(target + count - Vector256<float>.Count);
    }

    /// <summary>Even and odd columns apart, as many of each as a vector holds at a time, the last ones overlapping.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void SortAlternating(float* source, float* target)
    {
        if (Avx512F.IsSupported && RemainderWidth >= Vector512<float>.Count)
        {
            SortAlternatingWide(source, target);
            return;
        }

        int last = RemainderWidth - Vector128<float>.Count;
        int index = 0;
        while (true)
        {
            Vector128<float> left = Vector128.Load(source + 2 * index);
            Vector128<float> right = Vector128.Load(source + 2 * index + Vector128<float>.Count);
            if (Sse.IsSupported)
            {
                Sse.Shuffle(left, right, 0b10_00_10_00).Store(target + index);
                Sse.Shuffle(left, right, 0b11_01_11_01).Store(target + RemainderWidth + index);
            }
            else
            {
                AdvSimd.Arm64.UnzipEven(left, right).Store(target + index);
                AdvSimd.Arm64.UnzipOdd(left, right).Store(target + RemainderWidth + index);
            }

            if (index == last)
            {
                return;
            }

            index = Math.Min(index + Vector128<float>.Count, last);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void SortAlternatingWide(float* source, float* target)
    {
        Vector512<int> even = Vector512<int>.Indices * 2;
        Vector512<int> odd = even + Vector512<int>.One;
        int last = RemainderWidth - Vector512<float>.Count;
        int index = 0;
        while (true)
        {
            Vector512<float> left = Vector512.Load(source + 2 * index);
            Vector512<float> right = Vector512.Load(source + 2 * index + Vector512<float>.Count);
            Avx512F.PermuteVar16x32x2(left, even, right).Store(target + index);
            Avx512F.PermuteVar16x32x2(left, odd, right).Store(target + RemainderWidth + index);
            if (index == last)
            {
                return;
            }

            index = Math.Min(index + Vector512<float>.Count, last);
        }
    }
}
