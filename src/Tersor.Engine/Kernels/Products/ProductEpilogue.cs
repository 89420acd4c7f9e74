using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>What is done to the results of a product while they are in the cache: bias, residual, activation.</summary>
internal unsafe struct ProductEpilogue
{
    /// <summary>One value per row, or null.</summary>
    public float* RowBias;

    /// <summary>One value per column, or null.</summary>
    public float* ColumnBias;

    /// <summary>Values added result by result, standing as the results do, or null.</summary>
    public float* Residual;

    public Activation Activation;

    public readonly bool IsEmpty => RowBias is null && ColumnBias is null && Residual is null && Activation.Kind == ActivationKind.None;

    /// <summary>Whether it can be done in registers, as a <see cref="TileFinish"/>.</summary>
    public readonly bool FitsTile => !IsEmpty && Activation.Kind is (ActivationKind.None or ActivationKind.Clip);

    /// <summary>What the tile at <paramref name="row"/>, <paramref name="column"/> goes through.</summary>
    public readonly TileFinish ForTile(nint cStride, int row, int column) => new()
    {
        RowBias = RowBias is null ? null : RowBias + row,
        ColumnBias = ColumnBias is null ? null : ColumnBias + column,
        Residual = Residual is null ? null : Residual + row * cStride + column,
        Lower = Activation.Kind == ActivationKind.Clip ? Activation.First : float.NegativeInfinity,
        Upper = Activation.Kind == ActivationKind.Clip ? Activation.Second : float.PositiveInfinity,
    };

    /// <summary>Finishes a block of results at <paramref name="row"/>, <paramref name="column"/>.</summary>
    public readonly void Apply(VectorWidth width, float* c, nint cStride, int row, int column, int rows, int columns)
    {
        for (int i = row; i < row + rows; i++)
        {
            switch (width)
            {
                case VectorWidth.Bits512:
                    ApplyRow<Vector512<float>, Vector512Lanes>(c, cStride, i, column, columns);
                    break;
                case VectorWidth.Bits256:
                    ApplyRow<Vector256<float>, Vector256Lanes>(c, cStride, i, column, columns);
                    break;
                case VectorWidth.Bits128:
                    ApplyRow<Vector128<float>, Vector128Lanes>(c, cStride, i, column, columns);
                    break;
                default:
                    ApplyRow<float, ScalarLanes>(c, cStride, i, column, columns);
                    break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void ApplyRow<TVector, TLanes>(float* c, nint cStride, int row, int column, int columns)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float bias = RowBias is null ? 0f : RowBias[row];
        nint start = row * cStride + column;
        int j = 0;
        for (; j + TLanes.Count <= columns; j += TLanes.Count)
        {
            Finish<TVector, TLanes>(c, start + j, column + j, TLanes.Broadcast(bias));
        }

        for (; j < columns; j++)
        {
            Finish<float, ScalarLanes>(c, start + j, column + j, bias);
        }
    }

    private readonly void Finish<TVector, TLanes>(float* c, nint offset, int column, TVector bias)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector value = TLanes.Add(TLanes.Load(c + offset), bias);
        if (ColumnBias is not null)
        {
            value = TLanes.Add(value, TLanes.Load(ColumnBias + column));
        }

        if (Residual is not null)
        {
            value = TLanes.Add(value, TLanes.Load(Residual + offset));
        }

        TLanes.Store(Activation.Apply<TVector, TLanes>(value), c + offset);
    }
}
