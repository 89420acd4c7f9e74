using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>What is made of a window.</summary>
internal enum PoolingKind
{
    /// <summary>Its largest value.</summary>
    Maximum,

    /// <summary>Its average.</summary>
    Average,
}

/// <summary>Pooling, some planes per task: a plane is padded once, then windows side by side are read as vectors.</summary>
internal unsafe struct PoolingJob : IKernelJob
{
    public PoolingShape Shape;
    public PoolingKind Kind;
    public float* Input;
    public float* Output;

    /// <summary>Where each position of the window begins in a slice.</summary>
    public int* Offsets;

    /// <summary>Positions of the window.</summary>
    public int Positions;

    /// <summary>
    /// For places: the input index of each position of the window, from that of its first; null when none are wanted. Less than 2^24, as <see cref="ColumnPlaces"/>
    /// beside them, so that single precision holds them.
    /// </summary>
    public float* PlaceOffsets;

    /// <summary>For places: the input column of each window's first, without padding.</summary>
    public float* ColumnPlaces;

    /// <summary>Where the largest values stand, as long as the output.</summary>
    public int* Places;

    /// <summary>For an average: one over the columns that count, for each column of the output.</summary>
    public float* ColumnFactors;

    public VectorWidth Width;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        var slice = new ImageSlice(Shape.Rows, Shape.Columns, Shape.Rows.OutputSize);
        float* values = scratch.Reserve(ScratchUse.ImageSlice, slice.Length(1));
        float padding = Kind == PoolingKind.Maximum ? float.NegativeInfinity : 0f;
        int firstPlane = task * Shape.PlanesPerTask;
        int end = Math.Min(firstPlane + Shape.PlanesPerTask, Shape.Planes);
        for (int plane = firstPlane; plane < end; plane++)
        {
            slice.Fill(Input + (nint)plane * Shape.InputArea, 1, 0, values, padding);
            Plane(values, slice.OutputRowStep, plane);
        }
    }

    private readonly void Plane(float* values, int rowStep, int plane)
    {
        switch (Width)
        {
            case VectorWidth.Bits512 when Shape.Columns.OutputSize >= Vector512Lanes.Count:
                Plane<Vector512<float>, Vector512Lanes>(values, rowStep, plane);
                break;
            case VectorWidth.Bits512 or VectorWidth.Bits256 when Shape.Columns.OutputSize >= Vector256Lanes.Count:
                Plane<Vector256<float>, Vector256Lanes>(values, rowStep, plane);
                break;
            case not VectorWidth.Scalar when Shape.Columns.OutputSize >= Vector128Lanes.Count:
                Plane<Vector128<float>, Vector128Lanes>(values, rowStep, plane);
                break;
            default:
                Plane<float, ScalarLanes>(values, rowStep, plane);
                break;
        }
    }

    /// <summary>All windows of a plane, a vector of them at a time; the last vector of a row overlaps the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Plane<TVector, TLanes>(float* values, int rowStep, int plane)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        int last = Shape.Columns.OutputSize - TLanes.Count;
        nint index = (nint)plane * Shape.OutputArea;
        for (int row = 0; row < Shape.Rows.OutputSize; row++)
        {
            float factor = Kind == PoolingKind.Average ? 1f / Shape.Counted(Shape.Rows, row) : 1f;
            int place = (row * Shape.Rows.Stride - Shape.Rows.PadBefore) * Shape.Columns.InputSize - Shape.Columns.PadBefore;
            int column = 0;
            while (true)
            {
                if (PlaceOffsets is null)
                {
                    Windows<TVector, TLanes>(values + column, Output + index + column, column, factor);
                }
                else
                {
                    LargestAndPlaces<TVector, TLanes>(values + column, Output + index + column, column, place, Places + index + column);
                }

                if (column == last)
                {
                    break;
                }

                column = Math.Min(column + TLanes.Count, last);
            }

            values += rowStep;
            index += Shape.Columns.OutputSize;
        }
    }

    /// <summary>The largest values of windows side by side, and where each was met first.</summary>
    private readonly void LargestAndPlaces<TVector, TLanes>(float* source, float* output, int column, int firstPlace, int* places)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector largest = TLanes.Broadcast(float.NegativeInfinity);
        TVector where = largest;
        for (int position = 0; position < Positions; position++)
        {
            TVector value = TLanes.Load(source + Offsets[position]);
            where = TLanes.SelectGreater(value, largest, TLanes.Broadcast(PlaceOffsets[position]), where);
            largest = TLanes.SelectGreater(value, largest, value, largest);
        }

        TLanes.Store(largest, output);
        TLanes.StoreIndices(TLanes.Add(where, TLanes.Load(ColumnPlaces + column)), firstPlace, places);
    }

    private readonly void Windows<TVector, TLanes>(float* source, float* output, int column, float factor)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector result = TLanes.Load(source + Offsets[0]);
        for (int position = 1; position < Positions; position++)
        {
            TVector value = TLanes.Load(source + Offsets[position]);
            result = Kind == PoolingKind.Maximum ? TLanes.AtLeast(value, result) : TLanes.Add(result, value);
        }

        if (Kind == PoolingKind.Average)
        {
            result = TLanes.Multiply(result, TLanes.Multiply(TLanes.Load(ColumnFactors + column), TLanes.Broadcast(factor)));
        }

        TLanes.Store(result, output);
    }
}
