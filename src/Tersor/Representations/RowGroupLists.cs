using System.Buffers;
using Tersor.Representations.Kernels;

namespace Tersor.Representations;

/// <summary>Room for what kernels take of one row of grouped columns after the other.</summary>
internal sealed class RowGroupLists : IDisposable
{
    private readonly int[] _ends;
    private readonly float[] _weights;

    /// <summary>Rents the room.</summary>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="values">Its different values: groups of a row, but that each entry of an infinite weight may be one.</param>
    /// <param name="indexWidth">Bytes of a decoded column; 0 where columns stand as kernels take them.</param>
    public RowGroupLists(int columns, int values, int indexWidth)
    {
        Columns = ArrayPool<int>.Shared.Rent((int)((((long)columns + GapDecoder.Slack) * indexWidth / sizeof(int)) + 1));
        _ends = ArrayPool<int>.Shared.Rent(values + columns);
        _weights = ArrayPool<float>.Shared.Rent(values + columns);
    }

    /// <summary>Memory for columns that are decoded, of whatever width.</summary>
    public int[] Columns { get; }

    /// <summary>Groups of the row.</summary>
    public int Count { get; set; }

    /// <summary>Where each group ends among the columns of the row.</summary>
    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    /// <summary>What each group is multiplied by.</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, Count);

    /// <summary>Says what a group is.</summary>
    public void Set(int group, int end, float weight)
    {
        _ends[group] = end;
        _weights[group] = weight;
    }

    /// <summary>Gives the room back.</summary>
    public void Dispose()
    {
        ArrayPool<int>.Shared.Return(Columns);
        ArrayPool<int>.Shared.Return(_ends);
        ArrayPool<float>.Shared.Return(_weights);
    }
}
