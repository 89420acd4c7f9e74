using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Representations.Kernels;

/// <summary>How the next code of every lane comes out of packed bytes, one byte to a lane of 32 bits. Higher bits than the table's index has may be left in it.</summary>
internal interface ICodeStep
{
    static abstract Vector512<int> Take(ref Vector512<int> packed);

    static abstract Vector256<int> Take(ref Vector256<int> packed);
}

/// <summary>Codes of a bit. Here and below, bits are shifted by a literal: the instruction for that needs no register and no second port.</summary>
internal readonly struct OneBitStep : ICodeStep
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Take(ref Vector512<int> packed)
    {
        Vector512<int> codes = packed;
        packed >>>= 1;
        return codes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Take(ref Vector256<int> packed)
    {
        Vector256<int> codes = packed & Vector256.Create(1);
        packed >>>= 1;
        return codes;
    }
}

/// <summary>Codes of two bits.</summary>
internal readonly struct TwoBitStep : ICodeStep
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Take(ref Vector512<int> packed)
    {
        Vector512<int> codes = packed;
        packed >>>= 2;
        return codes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Take(ref Vector256<int> packed)
    {
        Vector256<int> codes = packed & Vector256.Create(3);
        packed >>>= 2;
        return codes;
    }
}

/// <summary>Codes of four bits.</summary>
internal readonly struct FourBitStep : ICodeStep
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Take(ref Vector512<int> packed)
    {
        Vector512<int> codes = packed;
        packed >>>= 4;
        return codes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Take(ref Vector256<int> packed)
    {
        Vector256<int> codes = packed & Vector256.Create(15);
        packed >>>= 4;
        return codes;
    }
}

/// <summary>A code to a byte.</summary>
internal readonly struct ByteStep : ICodeStep
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Take(ref Vector512<int> packed)
    {
        Vector512<int> codes = packed;
        packed >>>= 8;
        return codes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Take(ref Vector256<int> packed)
    {
        Vector256<int> codes = packed & Vector256.Create(255);
        packed >>>= 8;
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
