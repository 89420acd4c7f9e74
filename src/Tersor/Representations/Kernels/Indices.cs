using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>Gathers of vector values by indices of 8, 16 or 32 bits; only where <see cref="Avx2"/> is there.</summary>
internal static unsafe class Indices
{
    /// <summary>Eight indices as 32-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Eight<TIndex>(TIndex* indices)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        if (typeof(TIndex) == typeof(byte)) return Avx2.ConvertToVector256Int32((byte*)indices);
        return typeof(TIndex) == typeof(ushort) ? Avx2.ConvertToVector256Int32((ushort*)indices) : Vector256.Load((int*)indices);
    }

    /// <summary>The values at eight indices.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Gather<TIndex>(float* values, TIndex* indices)
        where TIndex : unmanaged, IBinaryInteger<TIndex> => Avx2.GatherVector256(values, Eight(indices), sizeof(float));

    /// <summary>The first <paramref name="count"/> lanes set, 0 to 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FirstLanes(int count) => Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count));
}
