using System.Runtime.CompilerServices;

namespace Tersor.Engine.Kernels;

/// <summary>What a tile of results goes through in registers before it is written: bias, residual and bounds.</summary>
internal unsafe struct TileFinish
{
    /// <summary>One value per row of the tile, or null.</summary>
    public float* RowBias;

    /// <summary>One value per column of the tile, or null.</summary>
    public float* ColumnBias;

    /// <summary>The residual of the tile's first result, or null; it stands as the results do.</summary>
    public float* Residual;

    /// <summary>Lower bound; minus infinity for none.</summary>
    public float Lower;

    /// <summary>Upper bound; infinity for none.</summary>
    public float Upper;

    private nint _stride;

    /// <summary>The same for a part of the tile.</summary>
    public readonly TileFinish At(int row, int column, nint stride) => new()
    {
        RowBias = RowBias is null ? null : RowBias + row,
        ColumnBias = ColumnBias is null ? null : ColumnBias + column,
        Residual = Residual is null ? null : Residual + row * stride + column,
        Lower = Lower,
        Upper = Upper,
        _stride = stride,
    };

    /// <summary>Finishes and writes one row of one or two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Write<TVector, TLanes, TVectors>(int row, float* c, TVector left, TVector right, bool accumulate)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
        where TVectors : struct, IConstant
    {
        TVector bias = RowBias is null ? TLanes.Zero : TLanes.Broadcast(RowBias[row]);
        Write<TVector, TLanes>(row, 0, c, left, bias, accumulate);
        if (TVectors.Value > 1)
        {
            Write<TVector, TLanes>(row, TLanes.Count, c, right, bias, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write<TVector, TLanes>(int row, int column, float* c, TVector value, TVector bias, bool accumulate)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        if (accumulate)
        {
            value = TLanes.Add(TLanes.Load(c + column), value);
        }

        value = TLanes.Add(value, bias);
        if (ColumnBias is not null)
        {
            value = TLanes.Add(value, TLanes.Load(ColumnBias + column));
        }

        if (Residual is not null)
        {
            value = TLanes.Add(value, TLanes.Load(Residual + row * _stride + column));
        }

        TLanes.Store(TLanes.AtMost(TLanes.AtLeast(value, TLanes.Broadcast(Lower)), TLanes.Broadcast(Upper)), c + column);
    }
}
