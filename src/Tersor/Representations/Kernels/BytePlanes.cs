using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>
/// A table of 256 values as four planes, of their lowest bytes to their highest: sixty-four codes are looked up in each by permutations of bytes, where a gather
/// would go to memory sixty-four times. Only where <see cref="IsSupported"/>.
/// </summary>
internal static unsafe class BytePlanes
{
    /// <summary>Codes that are looked up at once.</summary>
    public const int Lanes = 64;

    /// <summary>Bytes of all planes.</summary>
    public const int Length = sizeof(float) * ValuesInMemory.Entries;

    private const int Half = ValuesInMemory.Entries / 2;

    /// <summary>Whether this processor permutes bytes.</summary>
    public static bool IsSupported => Avx512Vbmi.IsSupported;

    /// <summary>Takes the values of a table apart.</summary>
    /// <param name="table">256 values.</param>
    /// <param name="planes">Room for <see cref="Length"/> bytes.</param>
    public static void Fill(float* table, byte* planes)
    {
        for (int i = 0; i < Length; i++) planes[(i % sizeof(float) * ValuesInMemory.Entries) + (i / sizeof(float))] = ((byte*)table)[i];
    }

    /// <summary>The values of sixty-four codes, in their order.</summary>
    /// <param name="planes">What <see cref="Fill"/> made.</param>
    /// <param name="codes">The codes.</param>
    /// <param name="v0">The first sixteen values.</param>
    /// <param name="v1">The next.</param>
    /// <param name="v2">And the next.</param>
    /// <param name="v3">The last.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Look(byte* planes, Vector512<byte> codes, out Vector512<float> v0, out Vector512<float> v1, out Vector512<float> v2, out Vector512<float> v3)
    {
        // Bytes are interleaved within lanes of 128 bits: four codes of each sixteen go to each lane.
        Vector512<byte> spread = Avx512F.PermuteVar16x32(codes.AsInt32(), Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)).AsByte();
        Vector512<byte> inUpper = Vector512.LessThan(spread.AsSByte(), Vector512<sbyte>.Zero).AsByte();
        Vector512<byte> b0 = Byte(planes, spread, inUpper);
        Vector512<byte> b1 = Byte(planes + ValuesInMemory.Entries, spread, inUpper);
        Vector512<byte> b2 = Byte(planes + (2 * ValuesInMemory.Entries), spread, inUpper);
        Vector512<byte> b3 = Byte(planes + (3 * ValuesInMemory.Entries), spread, inUpper);
        Vector512<short> lowFirst = Avx512BW.UnpackLow(b0, b1).AsInt16(), lowLast = Avx512BW.UnpackHigh(b0, b1).AsInt16();
        Vector512<short> highFirst = Avx512BW.UnpackLow(b2, b3).AsInt16(), highLast = Avx512BW.UnpackHigh(b2, b3).AsInt16();
        v0 = Avx512BW.UnpackLow(lowFirst, highFirst).AsSingle();
        v1 = Avx512BW.UnpackHigh(lowFirst, highFirst).AsSingle();
        v2 = Avx512BW.UnpackLow(lowLast, highLast).AsSingle();
        v3 = Avx512BW.UnpackHigh(lowLast, highLast).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Byte(byte* plane, Vector512<byte> codes, Vector512<byte> inUpper) => Vector512.ConditionalSelect(
        inUpper,
        Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(plane + Half), codes, Vector512.Load(plane + Half + Lanes)),
        Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(plane), codes, Vector512.Load(plane + Lanes)));
}
