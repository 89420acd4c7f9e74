using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Representations.Kernels;

/// <summary>Columns from the gaps of a group: <see cref="GroupGaps"/>.</summary>
internal static unsafe class GapDecoder
{
    /// <summary>What is written beyond the columns that are returned: a target has room for so many more.</summary>
    public const int Slack = 16;

    /// <summary>Decodes 8-bit gaps of a matrix of at most 65,536 columns.</summary>
    /// <returns>How many columns there are.</returns>
    public static int Decode(LaneWidth width, byte* gaps, int count, byte* readableEnd, ushort* columns)
    {
        int next = 0;
        int decoded = 0;
        int i = 0;
        if (width >= LaneWidth.Bits256 && Avx2.IsSupported)
        {
            for (; i < count && gaps + i + 16 <= readableEnd; i += 16)
            {
                // A lane's column is that of the last one before it and all steps between; an escape's step is one shorter.
                Vector256<ushort> wide = Avx2.ConvertToVector256Int16(gaps + i).AsUInt16();
                Vector256<ushort> isEscape = Vector256.Equals(wide, Vector256.Create((ushort)byte.MaxValue));
                Vector256<ushort> sums = PrefixSum(wide + Vector256<ushort>.One + isEscape);
                Vector256<ushort> found = sums + Vector256.Create((ushort)(next - 1));
                uint present = ~isEscape.ExtractMostSignificantBits() & (uint)((1 << Math.Min(16, count - i)) - 1);
                if ((present & (present + 1)) == 0) found.Store(columns + decoded);
                else if (Avx512Vbmi2.VL.IsSupported) Avx512Vbmi2.VL.Compress(Vector256<ushort>.Zero, ~isEscape, found).Store(columns + decoded);
                else Compress(found, present, columns + decoded);
                decoded += BitOperations.PopCount(present);
                next += sums.GetElement(15);
            }
        }

        for (; i < count; i++)
        {
            next += gaps[i];
            if (gaps[i] != byte.MaxValue) columns[decoded++] = (ushort)next++;
        }

        return decoded;
    }

    /// <summary>Decodes gaps of a matrix of any width, one after the other.</summary>
    /// <returns>How many columns there are.</returns>
    public static int Decode<TGap>(TGap* gaps, int count, int* columns)
        where TGap : unmanaged, IBinaryInteger<TGap>, IMinMaxValue<TGap>
    {
        int next = 0;
        int decoded = 0;
        for (int i = 0; i < count; i++)
        {
            next += int.CreateTruncating(gaps[i]);
            if (gaps[i] != TGap.MaxValue) columns[decoded++] = next++;
        }

        return decoded;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> PrefixSum(Vector256<ushort> steps)
    {
        steps += Avx2.ShiftLeftLogical128BitLane(steps, 2);
        steps += Avx2.ShiftLeftLogical128BitLane(steps, 4);
        steps += Avx2.ShiftLeftLogical128BitLane(steps, 8);

        // What the lower half comes to is added to all of the upper half.
        Vector256<ushort> carried = Avx2.Permute2x128(steps, steps, 0x08);
        return steps + Avx2.Shuffle(carried.AsByte(), Vector256.Create((ushort)0x0F0E).AsByte()).AsUInt16();
    }

    private static void Compress(Vector256<ushort> found, uint present, ushort* columns)
    {
        ushort* lanes = stackalloc ushort[16];
        found.Store(lanes);
        for (; present != 0; present &= present - 1) *columns++ = lanes[BitOperations.TrailingZeroCount(present)];
    }
}
