using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>
/// The patches of an image as right operand: row (c, kh, kw) and column (output row, output column) hold the input value that
/// the kernel position meets there. Panels are copied from an <see cref="ImageSlice"/>; the whole matrix never exists.
/// </summary>
internal readonly unsafe struct PatchPanels(float* slice, int* offsets, int outputWidth, int outputRowStep, VectorWidth width) : IPanelSource
{
    public float* Panel(int depthStart, int depth, int column, int columns, float* buffer, out nint stride)
    {
        Copy(depthStart, depth, column, columns, buffer, ProductTile.PanelColumns);
        stride = ProductTile.PanelColumns;
        return buffer;
    }

    /// <summary>
    /// Copies patch rows to rows <paramref name="stride"/> apart. Whole vectors are written: up to 15 values past a row's end are
    /// overwritten, so rows must be written in order, with room after the last.
    /// </summary>
    public void Copy(int depthStart, int depth, int column, int columns, float* target, nint stride)
    {
        // The narrowest vector that takes a whole output row, or the widest there is.
        if (width == VectorWidth.Scalar)
        {
            Copy<float, ScalarLanes>(depthStart, depth, column, columns, target, stride);
        }
        else if (width == VectorWidth.Bits128 || outputWidth <= 4)
        {
            Copy<Vector128<float>, Vector128Lanes>(depthStart, depth, column, columns, target, stride);
        }
        else if (width == VectorWidth.Bits256 || outputWidth <= 8)
        {
            Copy<Vector256<float>, Vector256Lanes>(depthStart, depth, column, columns, target, stride);
        }
        else
        {
            Copy<Vector512<float>, Vector512Lanes>(depthStart, depth, column, columns, target, stride);
        }
    }

    [SkipLocalsInit]
    private void Copy<TVector, TLanes>(int depthStart, int depth, int column, int columns, float* target, nint stride)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        int row = column / outputWidth;
        int first = column - row * outputWidth;
        float* origin = slice + row * (nint)outputRowStep;
        for (int k = depthStart; k < depthStart + depth; k++)
        {
            float* line = origin + offsets[k];
            float* to = target;
            float* end = target + columns;
            int skip = first;
            while (to < end)
            {
                float* from = line + skip;
                float* stop = to + (outputWidth - skip);
                float* limit = stop < end ? stop : end;
                do
                {
                    TLanes.Store(TLanes.Load(from), to);
                    from += TLanes.Count;
                    to += TLanes.Count;
                }
                while (to < limit);

                to = stop;
                line += outputRowStep;
                skip = 0;
            }

            target += stride;
        }
    }
}
