using Tersor.EntropyCoding;

namespace Tersor.Nnc.Syntax;

/// <summary>
/// Entry points in a unit's header (section 9.5), one per border of block rows: value u(8), quantizer state u(3) with dependent quantization, then bits since
/// the border before: ue(11) at first, later ie(7) of the difference to the distance before. Written for readers that use them; skipped here, because
/// nothing but sequential decoding shows whether they are true.
/// </summary>
internal static class EntryPointSyntax
{
    private const int FirstDeltaOrder = 11;
    private const int NextDeltaOrder = 7;

    /// <summary>Entries of a matrix with <paramref name="rowCount"/> rows in blocks of 4 &lt;&lt; <paramref name="scanOrder"/>.</summary>
    public static long CountFor(long rowCount, int scanOrder) => rowCount == 0 ? 0 : (rowCount - 1) / (4 << scanOrder);

    public static void Skip(ref BitReader reader, long count, bool dependentQuantization)
    {
        for (long i = 0; i < count; i++)
        {
            reader.ReadBits(dependentQuantization ? 11 : 8);
            reader.ReadExpGolomb(i == 0 ? FirstDeltaOrder : NextDeltaOrder);
        }
    }

    public static void Write(BitWriter writer, IReadOnlyList<EntryPoint> entries, bool dependentQuantization)
    {
        long before = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            EntryPoint entry = entries[i];
            writer.WriteBits((uint)entry.Value, 8);
            if (dependentQuantization) writer.WriteBits((uint)entry.QuantizerState, 3);
            if (i == 0) writer.WriteExpGolomb(entry.BitDelta, FirstDeltaOrder);
            else writer.WriteSignedExpGolomb(entry.BitDelta - before, NextDeltaOrder);
            before = entry.BitDelta;
        }
    }
}
