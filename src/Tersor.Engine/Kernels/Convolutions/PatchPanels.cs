using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>
/// The patches of an image as right operand: row (c, kh, kw) and column (output row, output column) hold the input value that
/// the kernel position meets there. Panels are copied from an
/// <see cref="ImageSlice"/>, or read there; the whole matrix never exists.
/// </summary>
internal readonly unsafe struct PatchPanels(float* slice, int* offsets, int outputWidth, int outputRowStep, VectorWidth width, bool direct) : IPanelSource
{
    public PanelView Panel(int depthStart, int depth, int column, int columns, float* buffer)
    {
        if (direct && columns == ProductTile.PanelColumns)
        {
            const int Half = ProductTile.PanelColumns / 2;
            int first = Place(column);
            return new PanelView { Start = slice + first, Offsets = offsets + depthStart, SecondHalf = Place(column + Half) - first };
        }

        Copy(depthStart, depth, column, columns, buffer, ProductTile.PanelColumns);
        return new PanelView { Start = buffer, Stride = ProductTile.PanelColumns };
    }

    public void Prefetch(int depthStart, int depth, int column, int columns)
    {
        // A slice has just been written: it is in the cache.
    }

    /// <summary>Whether panels can be read where they stand: each half of a panel lies in one output row.</summary>
    public static bool CanBeDirect(int outputWidth) => outputWidth % (ProductTile.PanelColumns / 2) == 0;

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
        // The same vectors are copied for every patch row: where they stand is worked out once, for a stretch of columns.
        const int MostVectors = 64;
        int* from = stackalloc int[MostVectors];
        int* to = stackalloc int[MostVectors];
        int row = column / outputWidth;
        int skip = column - row * outputWidth;
        int done = 0;
        while (done < columns)
        {
            int vectors = 0;
            while (done < columns && vectors < MostVectors)
            {
                from[vectors] = row * outputRowStep + skip;
                to[vectors++] = done;
                int rest = Math.Min(outputWidth - skip, columns - done);
                int step = Math.Min(TLanes.Count, rest);
                done += step;
                skip += step;
                if (skip == outputWidth)
                {
                    row++;
                    skip = 0;
                }
            }

            CopyVectors<TVector, TLanes>(depthStart, depth, from, to, vectors, target, stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyVectors<TVector, TLanes>(int depthStart, int depth, int* from, int* to, int vectors, float* target, nint stride)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        if (vectors == 2)
        {
            nint from0 = from[0], from1 = from[1], to0 = to[0], to1 = to[1];
            for (int k = depthStart; k < depthStart + depth; k++)
            {
                float* line = slice + offsets[k];
                TLanes.Store(TLanes.Load(line + from0), target + to0);
                TLanes.Store(TLanes.Load(line + from1), target + to1);
                target += stride;
            }

            return;
        }

        for (int k = depthStart; k < depthStart + depth; k++)
        {
            float* line = slice + offsets[k];
            int i = 0;
            for (; i + 4 <= vectors; i += 4)
            {
                TLanes.Store(TLanes.Load(line + from[i]), target + to[i]);
                TLanes.Store(TLanes.Load(line + from[i + 1]), target + to[i + 1]);
                TLanes.Store(TLanes.Load(line + from[i + 2]), target + to[i + 2]);
                TLanes.Store(TLanes.Load(line + from[i + 3]), target + to[i + 3]);
            }

            for (; i < vectors; i++)
            {
                TLanes.Store(TLanes.Load(line + from[i]), target + to[i]);
            }

            target += stride;
        }
    }

    /// <summary>Where a column of the patch matrix stands in the slice, from its row's offset.</summary>
    private int Place(int column)
    {
        (int row, int position) = Math.DivRem(column, outputWidth);
        return row * outputRowStep + position;
    }
}
