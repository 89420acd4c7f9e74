using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>The inner product of a vector with a row of which the entries are listed.</summary>
internal static unsafe class GatheredDot
{
    // Loads by index fill the queues of a processor before it reaches far ahead in the entries; a matrix beyond the caches is asked for early.
    private const int Ahead = 512;
    private const int LineValues = 64 / sizeof(float);

    /// <summary><c>sum_i weights[i] vector[indices[i]]</c>.</summary>
    public static float Compute<TIndex>(LaneWidth width, TIndex* indices, float* weights, int count, float* vector)
        where TIndex : unmanaged, IBinaryInteger<TIndex> =>
        width >= LaneWidth.Bits256 && Avx2.IsSupported ? OfVectors(indices, weights, count, vector) : OfScalars(indices, weights, count, vector);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float OfVectors<TIndex>(TIndex* indices, float* weights, int count, float* vector)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        Vector256<float> s0 = Vector256<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        int i = 0;
        for (; i + 32 <= count; i += 32)
        {
            Sse.Prefetch1(weights + i + Ahead);
            Sse.Prefetch1(weights + i + Ahead + LineValues);
            Sse.Prefetch1(indices + i + Ahead);
            if (sizeof(TIndex) == sizeof(float)) Sse.Prefetch1(indices + i + Ahead + LineValues);
            s0 = Vector256.MultiplyAddEstimate(Vector256.Load(weights + i), Indices.Gather(vector, indices + i), s0);
            s1 = Vector256.MultiplyAddEstimate(Vector256.Load(weights + i + 8), Indices.Gather(vector, indices + i + 8), s1);
            s2 = Vector256.MultiplyAddEstimate(Vector256.Load(weights + i + 16), Indices.Gather(vector, indices + i + 16), s2);
            s3 = Vector256.MultiplyAddEstimate(Vector256.Load(weights + i + 24), Indices.Gather(vector, indices + i + 24), s3);
        }

        for (; i + 8 <= count; i += 8) s0 = Vector256.MultiplyAddEstimate(Vector256.Load(weights + i), Indices.Gather(vector, indices + i), s0);
        return Vector256.Sum(s0 + s1 + (s2 + s3)) + OfScalars(indices + i, weights + i, count - i, vector);
    }

    private static float OfScalars<TIndex>(TIndex* indices, float* weights, int count, float* vector)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        float sum = 0;
        for (int i = 0; i < count; i++) sum += weights[i] * vector[int.CreateTruncating(indices[i])];
        return sum;
    }
}
