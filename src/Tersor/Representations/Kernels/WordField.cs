using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>Neighbouring bits of 16-bit words that are an index.</summary>
internal readonly unsafe struct WordField
{
    // Of the first to the fourth of four words: which bit is the lowest one, and in the higher byte how many there are.
    private readonly ushort _first;
    private readonly ushort _second;
    private readonly ushort _third;
    private readonly ushort _fourth;

    /// <summary>Names a field.</summary>
    /// <param name="shift">Bits of a word below it.</param>
    /// <param name="bits">Its bits, of 16 less <paramref name="shift"/>.</param>
    public WordField(int shift, int bits)
    {
        _first = (ushort)((bits << 8) | shift);
        _second = (ushort)(_first + 16);
        _third = (ushort)(_first + 32);
        _fourth = (ushort)(_first + 48);
    }

    /// <summary>The values at the indices of eight words, by loads or by a gather, whichever is faster here.</summary>
    /// <param name="values">What the indices are of.</param>
    /// <param name="words">The words.</param>
    /// <param name="indices">The field of each word.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> Gather(float* values, ushort* words, Vector256<int> indices) => Indices.LoadsOneByOne ? LoadEach(values, words) : Avx2.GatherVector256(values, indices, sizeof(float));

    /// <summary>The values at the indices of eight words, loaded one by one; only where <see cref="Bmi1.X64"/> is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> LoadEach(float* values, ushort* words) => Vector256.Create(LoadFour(values, *(ulong*)words), LoadFour(values, *(ulong*)(words + 4)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<float> LoadFour(float* values, ulong words) => Vector128.Create(
        values[Bmi1.X64.BitFieldExtract(words, _first)],
        values[Bmi1.X64.BitFieldExtract(words, _second)],
        values[Bmi1.X64.BitFieldExtract(words, _third)],
        values[Bmi1.X64.BitFieldExtract(words, _fourth)]);
}
