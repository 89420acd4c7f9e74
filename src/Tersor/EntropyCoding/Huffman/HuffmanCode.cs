using System.Diagnostics.CodeAnalysis;

namespace Tersor.EntropyCoding.Huffman;

/// <summary>
/// A canonical Huffman code, which its lengths alone describe: codes of one length are consecutive numbers in the order of their symbols, the shortest codes come first,
/// and the first of all is zeros. A symbol that is alone has the code 0.
/// </summary>
internal sealed class HuffmanCode
{
    /// <summary>Bits of the longest code, so that a length takes four bits.</summary>
    public const int MaxLength = 15;

    /// <summary>Symbols that an alphabet has at most, so that a symbol and a length take two bytes.</summary>
    public const int MaxSymbolCount = 1 << 12;

    private readonly byte[] _lengths;
    private readonly ushort[] _codes;

    private HuffmanCode(byte[] lengths)
    {
        _lengths = lengths;
        _codes = new ushort[lengths.Length];
        int code = 0;
        for (int length = 1; length <= MaxLength; length++)
        {
            code <<= 1;
            for (int symbol = 0; symbol < lengths.Length; symbol++)
            {
                if (lengths[symbol] != length) continue;
                _codes[symbol] = (ushort)code++;
                Longest = length;
            }
        }
    }

    /// <summary>Bits of each symbol's code; 0 where it has none.</summary>
    public ReadOnlySpan<byte> Lengths => _lengths;

    /// <summary>The code of each symbol, in the lowest bits.</summary>
    public ReadOnlySpan<ushort> Codes => _codes;

    /// <summary>Bits of the longest code.</summary>
    public int Longest { get; }

    /// <summary>The code of fewest bits for symbols that occur so often.</summary>
    /// <param name="counts">One per symbol, not negative.</param>
    public static HuffmanCode FromCounts(ReadOnlySpan<long> counts)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(counts.Length, MaxSymbolCount);
        return new HuffmanCode(CodeLengths.Shortest(counts, MaxLength));
    }

    /// <summary>The code of lengths that a file states.</summary>
    /// <returns>False where they leave bit patterns without a symbol or give one to two, or a symbol that is alone has not one bit.</returns>
    public static bool TryFromLengths(ReadOnlySpan<byte> lengths, [NotNullWhen(true)] out HuffmanCode? code)
    {
        code = null;
        if (lengths.Length > MaxSymbolCount) return false;
        (int used, int space) = (0, 0);
        foreach (byte length in lengths)
        {
            if (length > MaxLength) return false;
            if (length == 0) continue;
            used++;
            space += 1 << (MaxLength - length);
        }

        if (space != (used == 1 ? 1 << (MaxLength - 1) : 1 << MaxLength)) return false;
        code = new HuffmanCode(lengths.ToArray());
        return true;
    }

    /// <summary>Bits that symbols take which occur so often.</summary>
    public long CountBits(ReadOnlySpan<long> counts)
    {
        long bits = 0;
        for (int symbol = 0; symbol < counts.Length; symbol++) bits += counts[symbol] * _lengths[symbol];
        return bits;
    }

    /// <summary>What each pattern of <see cref="Longest"/> bits starts with: symbol * 16 + length, or 0 where it starts with no code.</summary>
    public ushort[] MakeTable()
    {
        ushort[] table = new ushort[1 << Longest];
        for (int symbol = 0; symbol < _lengths.Length; symbol++)
        {
            int length = _lengths[symbol];
            if (length > 0) table.AsSpan(_codes[symbol] << (Longest - length), 1 << (Longest - length)).Fill((ushort)((symbol << 4) | length));
        }

        return table;
    }
}
