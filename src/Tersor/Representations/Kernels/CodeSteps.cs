using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>How the next code of every lane comes out of packed bytes, one byte to a lane of 32 bits. Higher bits than the table's index has may be left in it.</summary>
internal interface ICodeStep
{
    static abstract Vector512<int> Take(ref Vector512<int> packed);

    static abstract Vector256<int> Take(ref Vector256<int> packed);
}

/// <summary>Codes of 1, 2, 4 or 8 bits.</summary>
internal readonly struct BitStep<TBits> : ICodeStep
    where TBits : struct, IBitCount
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Take(ref Vector512<int> packed)
    {
        Vector512<int> codes = packed;
        packed >>>= TBits.Value;
        return codes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Take(ref Vector256<int> packed)
    {
        Vector256<int> codes = packed & Vector256.Create((1 << TBits.Value) - 1);
        packed >>>= TBits.Value;
        return codes;
    }
}

/// <summary>Base-3 digits: see <see cref="CodePacking.Pack"/>.</summary>
internal readonly struct TernaryStep : ICodeStep
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Take(ref Vector512<int> packed)
    {
        Vector512<int> tripled = packed + packed + packed;
        packed = tripled & Vector512.Create(0xFF);
        return tripled >>> 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Take(ref Vector256<int> packed)
    {
        Vector256<int> tripled = packed + packed + packed;
        packed = tripled & Vector256.Create(0xFF);
        return tripled >>> 8;
    }
}

/// <summary>A number of bits that is known when a kernel is compiled.</summary>
internal interface IBitCount
{
    static abstract int Value { get; }
}

internal readonly struct OneBit : IBitCount
{
    public static int Value => 1;
}

internal readonly struct TwoBits : IBitCount
{
    public static int Value => 2;
}

internal readonly struct FourBits : IBitCount
{
    public static int Value => 4;
}

internal readonly struct EightBits : IBitCount
{
    public static int Value => 8;
}

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
    public static int Length => 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Look(Vector512<int> codes, float* table, Vector512<float> low, Vector512<float> high) =>
        Vector512.Create(Avx2.GatherVector256(table, codes.GetLower(), sizeof(float)), Avx2.GatherVector256(table, codes.GetUpper(), sizeof(float)));
}
