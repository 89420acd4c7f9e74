using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>Sums of the vector values that meet one weight.</summary>
internal static unsafe class GatheredGroup
{
    /// <summary>The sum of a group, a lane for each index modulo 8. Lanes beyond the last index are not read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sum<TIndex>(TIndex* indices, int count, TIndex* readableEnd, float* vector)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        Vector256<float> sum = Vector256<float>.Zero;
        int i = 0;
        for (; i + 8 <= count; i += 8) sum += Indices.Gather(vector, indices + i);
        if (i == count) return sum;
        if (indices + i + 8 <= readableEnd)
        {
            Vector256<float> lanes = Indices.FirstLanes(count - i).AsSingle();
            return sum + Avx2.GatherMaskVector256(Vector256<float>.Zero, vector, Indices.Eight(indices + i), lanes, sizeof(float));
        }

        float rest = Sum(indices + i, count - i, vector);
        return sum + Vector256.CreateScalar(rest);
    }

    /// <summary>The sum of a group, value by value.</summary>
    public static float Sum<TIndex>(TIndex* indices, int count, float* vector)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        float sum = 0;
        for (int i = 0; i < count; i++) sum += vector[int.CreateTruncating(indices[i])];
        return sum;
    }
}
