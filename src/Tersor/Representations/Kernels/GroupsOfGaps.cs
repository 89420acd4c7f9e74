using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>Groups of which the gaps between columns are stored: <see cref="GroupGaps"/>. An escape is a lane that is not gathered.</summary>
internal unsafe struct GroupsOfGaps<TGap> : IGroupSums
    where TGap : unmanaged, IBinaryInteger<TGap>, IMinMaxValue<TGap>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Lanes(byte* stored, int from, int to, int length, float* vector)
    {
        TGap* gaps = (TGap*)stored;
        Vector256<int> escape = Vector256.Create(int.CreateTruncating(TGap.MaxValue));

        // The last column before the lanes, in each of them.
        Vector256<int> last = Vector256<int>.AllBitsSet;
        Vector256<float> sum = Vector256<float>.Zero;
        for (; from < to && from + 8 <= length; from += 8)
        {
            Vector256<int> gap = Indices.Eight(gaps + from);
            Vector256<int> isEscape = Vector256.Equals(gap, escape);

            // An escape leads to a column less far than a gap does to its own.
            Vector256<int> columns = last + PrefixSum(gap + Vector256<int>.One + isEscape);
            last = Avx2.PermuteVar8x32(columns, Vector256.Create(7));
            Vector256<int> lanes = Vector256.AndNot(Indices.FirstLanes(to - from), isEscape);
            sum += Avx2.GatherMaskVector256(Vector256<float>.Zero, vector, columns, lanes.AsSingle(), sizeof(float));
        }

        return from < to ? sum + Vector256.CreateScalar(Sum(gaps, from, to, last.ToScalar() + 1, vector, 1)) : sum;
    }

    /// <inheritdoc/>
    public static float Sum(byte* stored, int from, int to, float* vector, float scale) => Sum((TGap*)stored, from, to, 0, vector, scale);

    private static float Sum(TGap* gaps, int from, int to, int next, float* vector, float scale)
    {
        float sum = 0;
        for (; from < to; from++)
        {
            next += int.CreateTruncating(gaps[from]);
            if (gaps[from] != TGap.MaxValue) sum += scale * vector[next++];
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> PrefixSum(Vector256<int> steps)
    {
        steps += Avx2.ShiftLeftLogical128BitLane(steps, 4);
        steps += Avx2.ShiftLeftLogical128BitLane(steps, 8);

        // What the lower half comes to is added to all of the upper half.
        return steps + Avx2.Shuffle(Avx2.Permute2x128(steps, steps, 0x08), 0xFF);
    }
}
