using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>Looks sixteen codes up in a table.</summary>
internal unsafe interface IValueTable
{
    /// <summary>Entries that the table must have: a smaller one is repeated, so that bits above its own index do not matter.</summary>
    static abstract int Length { get; }

    static abstract Vector512<float> Look(Vector512<int> codes, float* table, Vector512<float> low, Vector512<float> high);
}

/// <summary>Sixteen values in a register.</summary>
internal readonly unsafe struct SixteenValues : IValueTable
{
    public static int Length => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Look(Vector512<int> codes, float* table, Vector512<float> low, Vector512<float> high) => Avx512F.PermuteVar16x32(low, codes);
}

/// <summary>Thirty-two values in two registers.</summary>
internal readonly unsafe struct ThirtyTwoValues : IValueTable
{
    public static int Length => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Look(Vector512<int> codes, float* table, Vector512<float> low, Vector512<float> high) => Avx512F.PermuteVar16x32x2(low, codes, high);
}

/// <summary>Up to 256 values in memory. Codes must have no other bits.</summary>
internal readonly unsafe struct ValuesInMemory : IValueTable
{
    /// <summary>As many as a byte has codes.</summary>
    public const int Entries = 256;

    public static int Length => Entries;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Look(Vector512<int> codes, float* table, Vector512<float> low, Vector512<float> high) =>
        Vector512.Create(Avx2.GatherVector256(table, codes.GetLower(), sizeof(float)), Avx2.GatherVector256(table, codes.GetUpper(), sizeof(float)));
}
