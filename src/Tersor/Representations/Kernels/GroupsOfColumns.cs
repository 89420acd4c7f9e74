using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Representations.Kernels;

/// <summary>Groups of columns that are stored as they are.</summary>
internal unsafe struct GroupsOfColumns<TIndex> : IGroupSums
    where TIndex : unmanaged, IBinaryInteger<TIndex>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Lanes(byte* stored, int from, int to, int length, float* vector)
    {
        TIndex* indices = (TIndex*)stored;
        Vector256<float> sum = Vector256<float>.Zero;
        for (; from + 8 <= to; from += 8) sum += Indices.Gather(vector, indices + from);
        if (from == to) return sum;
        if (from + 8 > length) return sum + Vector256.CreateScalar(Sum(stored, from, to, vector, 1));

        // Columns behind the group are those of the next one: read, not counted.
        return sum + (Indices.Gather(vector, indices + from) & Indices.FirstLanes(to - from).AsSingle());
    }

    /// <inheritdoc/>
    public static float Sum(byte* stored, int from, int to, float* vector, float scale)
    {
        TIndex* indices = (TIndex*)stored;
        float sum = 0;
        for (; from < to; from++) sum += scale * vector[int.CreateTruncating(indices[from])];
        return sum;
    }
}
