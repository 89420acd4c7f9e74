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

    /// <summary>Values of scratch for some channels; reading a whole vector at the last value stays within.</summary>
    public long Length(int channels) => channels * ChannelLength + 16;

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
                    FillRow(image + source * (nint)_columns.InputSize, target, padding);
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

    private unsafe void FillRow(float* source, float* target, float padding)
    {
        switch (_columns.Stride)
        {
            case 1:
                FillContiguous(source, target, padding);
                break;
            case 2:
                FillAlternating(source, target, padding);
                break;
            default:
                for (int remainder = 0; remainder < _columns.Stride; remainder++)
                {
                    FillRemainder(source, remainder, 0, target + remainder * RemainderWidth, padding);
                }

                break;
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

    /// <summary>Even and odd columns apart, four of each at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void FillAlternating(float* source, float* target, float padding)
    {
        float* even = target;
        float* odd = target + RemainderWidth;
        int index = 0;

        // The first index whose even column lies in the image, then vectors of eight columns while all lie in it.
        int inside = (_columns.PadBefore + 1) / 2;
        for (; index < Math.Min(inside, RemainderWidth); index++)
        {
            even[index] = At(source, 2 * index, padding);
            odd[index] = At(source, 2 * index + 1, padding);
        }

        if (Sse.IsSupported || AdvSimd.Arm64.IsSupported)
        {
            for (; index + 4 <= RemainderWidth && 2 * index + 8 <= _columns.InputSize + _columns.PadBefore; index += 4)
            {
                float* pair = source + 2 * index - _columns.PadBefore;
                Vector128<float> left = Vector128.Load(pair);
                Vector128<float> right = Vector128.Load(pair + 4);
                if (Sse.IsSupported)
                {
                    Sse.Shuffle(left, right, 0b10_00_10_00).Store(even + index);
                    Sse.Shuffle(left, right, 0b11_01_11_01).Store(odd + index);
                }
                else
                {
                    AdvSimd.Arm64.UnzipEven(left, right).Store(even + index);
                    AdvSimd.Arm64.UnzipOdd(left, right).Store(odd + index);
                }
            }
        }

        FillRemainder(source, 0, index, even, padding);
        FillRemainder(source, 1, index, odd, padding);
    }

    private unsafe void FillRemainder(float* source, int remainder, int firstIndex, float* target, float padding)
    {
        for (int index = firstIndex; index < RemainderWidth; index++)
        {
            target[index] = At(source, index * _columns.Stride + remainder, padding);
        }
    }

    private unsafe float At(float* source, int paddedColumn, float padding)
    {
        int column = paddedColumn - _columns.PadBefore;
        return (uint)column < (uint)_columns.InputSize ? source[column] : padding;
    }
}
