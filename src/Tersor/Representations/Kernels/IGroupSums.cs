using System.Runtime.Intrinsics;

namespace Tersor.Representations.Kernels;

/// <summary>Sums of the vector values that meet one weight, by the way in which the columns of a group are stored.</summary>
internal unsafe interface IGroupSums
{
    /// <summary>The sum in eight lanes; only where AVX2 is there.</summary>
    /// <param name="stored">Columns of all groups.</param>
    /// <param name="from">First element of the group.</param>
    /// <param name="to">Where it ends.</param>
    /// <param name="length">Elements of all groups: what may be read.</param>
    /// <param name="vector">The values.</param>
    static abstract Vector256<float> Lanes(byte* stored, int from, int to, int length, float* vector);

    /// <summary>The sum value by value, each multiplied by <paramref name="scale"/>.</summary>
    static abstract float Sum(byte* stored, int from, int to, float* vector, float scale);
}
