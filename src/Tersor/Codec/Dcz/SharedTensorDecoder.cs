using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Tersor.EntropyCoding.Huffman;

namespace Tersor.Codec.Dcz;

/// <summary>
/// Reads the bytes of a tensor whose weights are shared:
/// 1. the codebook, binary32.
/// 2. where there are entries: the length of each id's code, then, unless indices have 0 bits, that of each index, 4 bits each, the first in the high half of a byte; of an odd count the last half is 0.
/// 3. the ids, then the indices, each stream from the highest bit of its first byte on and filled with zeros.
/// </summary>
internal static class SharedTensorDecoder
{
    /// <summary>Most elements of a tensor: their binary32 values fit the longest array of bytes, <see cref="Array.MaxLength"/>.</summary>
    public const int MaxElementCount = 0x7FFFFFC7 / sizeof(float);

    /// <summary>Most elements that may come without any bit: a few bytes can stand for any number of those.</summary>
    public const long MaxUncodedElements = 1L << 26;

    private const int EntriesBetweenChecks = 1 << 16;

    /// <summary>Decodes.</summary>
    /// <param name="payload">As many bytes as the sharing states, from an untrusted file.</param>
    /// <param name="sharing">Without a problem for so many elements.</param>
    /// <param name="elements">Receives little-endian binary32.</param>
    /// <param name="problem">What is wrong with the bytes.</param>
    /// <param name="cancellationToken">Looked at every few thousand entries.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> payload, DczSharing sharing, Span<byte> elements, [NotNullWhen(false)] out string? problem, CancellationToken cancellationToken)
    {
        // Patterns are moved from bytes to bytes, so that the order of bytes of the machine does not matter.
        ReadOnlySpan<uint> codebook = MemoryMarshal.Cast<byte, uint>(payload[..(int)sharing.CodebookBytes]);
        Span<uint> values = MemoryMarshal.Cast<byte, uint>(elements);
        values.Fill(codebook[0]);
        problem = null;
        if (sharing.EntryCount == 0) return true;

        ReadOnlySpan<byte> rest = payload[(int)sharing.CodebookBytes..];
        if (!TryReadCode(rest[..sharing.IdLengthBytes], sharing.CodebookLength, out HuffmanCode? idCode))
        {
            problem = "the code lengths of its ids make no code";
            return false;
        }

        rest = rest[sharing.IdLengthBytes..];
        HuffmanCode? indexCode = null;
        if (sharing.IndexBits > 0 && !TryReadCode(rest[..sharing.IndexLengthBytes], sharing.IndexCount, out indexCode))
        {
            problem = "the code lengths of its indices make no code";
            return false;
        }

        rest = rest[sharing.IndexLengthBytes..];
        HuffmanReader ids = new(idCode, rest[..(int)sharing.IdBytes]);
        HuffmanReader indices = indexCode is null ? default : new(indexCode, rest[(int)sharing.IdBytes..]);
        (long position, long fillers) = (-1, 0);
        for (long entry = 0; entry < sharing.EntryCount; entry++)
        {
            if (entry % EntriesBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            int id = ids.Read();
            int skipped = indexCode is null ? 0 : indices.Read();
            position += skipped + 1;
            if ((id | skipped) < 0 || position >= values.Length)
            {
                problem = (id | skipped) < 0 ? $"entry {entry} has no code" : $"entry {entry} stands on weight {position} of {values.Length}";
                return false;
            }

            if (id == 0) fillers++;
            else values[(int)position] = codebook[id];
        }

        if (!ids.IsAtEnd || (indexCode is not null && !indices.IsAtEnd)) problem = "bits follow the last entry";
        else if (fillers != sharing.FillerCount) problem = $"{fillers} fillers are there, {sharing.FillerCount} are stated";
        return problem is null;
    }

    private static bool TryReadCode(ReadOnlySpan<byte> packed, int symbolCount, [NotNullWhen(true)] out HuffmanCode? code)
    {
        byte[] lengths = new byte[packed.Length * 2];
        for (int i = 0; i < packed.Length; i++) (lengths[2 * i], lengths[(2 * i) + 1]) = ((byte)(packed[i] >> 4), (byte)(packed[i] & 15));
        code = null;
        return !lengths.AsSpan(symbolCount).ContainsAnyExcept((byte)0) && HuffmanCode.TryFromLengths(lengths.AsSpan(0, symbolCount), out code);
    }
}
