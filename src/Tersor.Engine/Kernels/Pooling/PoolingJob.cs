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

    /// <summary>For places: the input index of each position of the window, from that of its first; null when none are wanted.</summary>
    public int* PlaceOffsets;

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
            float* output = Output + (nint)plane * Shape.OutputArea;
            for (int row = 0; row < Shape.Rows.OutputSize; row++)
            {
                float* source = values + row * (nint)slice.OutputRowStep;
                float* target = output + (nint)row * Shape.Columns.OutputSize;
                if (PlaceOffsets is null)
                {
                    Row(source, target, Kind == PoolingKind.Average ? 1f / Shape.Counted(Shape.Rows, row) : 1f);
                }
                else
                {
                    int first = (row * Shape.Rows.Stride - Shape.Rows.PadBefore) * Shape.Columns.InputSize - Shape.Columns.PadBefore;
                    RowWithPlaces(source, target, Places + (target - Output), first);
                }
            }
        }
    }

    private readonly void Row(float* source, float* output, float factor)
    {
        switch (Width)
        {
            case VectorWidth.Bits512 when Shape.Columns.OutputSize >= Vector512Lanes.Count:
                Row<Vector512<float>, Vector512Lanes>(source, output, factor);
                break;
            case VectorWidth.Bits512 or VectorWidth.Bits256 when Shape.Columns.OutputSize >= Vector256Lanes.Count:
                Row<Vector256<float>, Vector256Lanes>(source, output, factor);
                break;
            case not VectorWidth.Scalar:
                Row<Vector128<float>, Vector128Lanes>(source, output, factor);
                break;
            default:
                Row<float, ScalarLanes>(source, output, factor);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Row<TVector, TLanes>(float* source, float* output, float factor)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        int column = 0;
        for (; column + TLanes.Count <= Shape.Columns.OutputSize; column += TLanes.Count)
        {
            Windows<TVector, TLanes>(source, output, column, factor);
        }

        for (; column < Shape.Columns.OutputSize; column++)
        {
            Windows<float, ScalarLanes>(source, output, column, factor);
        }
    }

    private readonly void RowWithPlaces(float* source, float* output, int* places, int first)
    {
        switch (Width)
        {
            case VectorWidth.Bits512 when Shape.Columns.OutputSize >= Vector512Lanes.Count:
                RowWithPlaces<Vector512<float>, Vector512Lanes>(source, output, places, first);
                break;
            case VectorWidth.Bits512 or VectorWidth.Bits256 when Shape.Columns.OutputSize >= Vector256Lanes.Count:
                RowWithPlaces<Vector256<float>, Vector256Lanes>(source, output, places, first);
                break;
            case not VectorWidth.Scalar:
                RowWithPlaces<Vector128<float>, Vector128Lanes>(source, output, places, first);
                break;
            default:
                RowWithPlaces<float, ScalarLanes>(source, output, places, first);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void RowWithPlaces<TVector, TLanes>(float* source, float* output, int* places, int first)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float* positions = stackalloc float[TLanes.Count];
        int column = 0;
        for (; column + TLanes.Count <= Shape.Columns.OutputSize; column += TLanes.Count)
        {
            LargestAndPosition<TVector, TLanes>(source + column, output + column, positions);
            for (int i = 0; i < TLanes.Count; i++)
            {
                places[column + i] = Place((int)positions[i], first, column + i);
            }
        }

        for (; column < Shape.Columns.OutputSize; column++)
        {
            LargestAndPosition<float, ScalarLanes>(source + column, output + column, positions);
            places[column] = Place((int)*positions, first, column);
        }
    }

    private readonly int Place(int position, int first, int column) =>
        position < 0 ? -1 : first + column * Shape.Columns.Stride + PlaceOffsets[position];

    /// <summary>The largest values of windows side by side, and the number of the position where each was met first (exact in single precision).</summary>
    private readonly void LargestAndPosition<TVector, TLanes>(float* source, float* output, float* positions)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector largest = TLanes.Broadcast(float.NegativeInfinity);
        TVector where = TLanes.Broadcast(-1f);
        for (int position = 0; position < Positions; position++)
        {
            TVector value = TLanes.Load(source + Offsets[position]);
            where = TLanes.SelectGreater(value, largest, TLanes.Broadcast(position), where);
            largest = TLanes.SelectGreater(value, largest, value, largest);
        }

        TLanes.Store(largest, output);
        TLanes.Store(where, positions);
    }

    private readonly void Windows<TVector, TLanes>(float* source, float* output, int column, float factor)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector result = TLanes.Load(source + Offsets[0] + column);
        for (int position = 1; position < Positions; position++)
        {
            TVector value = TLanes.Load(source + Offsets[position] + column);
            result = Kind == PoolingKind.Maximum ? TLanes.AtLeast(value, result) : TLanes.Add(result, value);
        }

        if (Kind == PoolingKind.Average)
        {
            result = TLanes.Multiply(result, TLanes.Multiply(TLanes.Load(ColumnFactors + column), TLanes.Broadcast(factor)));
        }

        TLanes.Store(result, output + column);
    }
}
