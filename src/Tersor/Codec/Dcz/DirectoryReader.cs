using System.Text;
using Tersor.Models;

namespace Tersor.Codec.Dcz;

/// <summary>Reads the fields of a directory; what cannot be right is an error with its place.</summary>
internal ref struct DirectoryReader(ReadOnlySpan<byte> bytes, string source, long offset)
{
    // Nine groups of seven bits hold what 63 bits do.
    private const int MaxCountLength = 9;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    /// <summary>What messages call the thing being read; null for the file.</summary>
    public string? Item { get; set; }

    /// <summary>Bytes not yet read.</summary>
    public readonly int Remaining => _bytes.Length - _position;

    /// <summary>Whether everything was read.</summary>
    public readonly bool IsAtEnd => Remaining == 0;

    /// <summary>Offset in the file behind the last byte.</summary>
    public readonly long End => offset + _bytes.Length;

    public byte ReadByte(string field) => Remaining > 0 ? _bytes[_position++] : throw Malformed($"the directory ends before {field}");

    /// <summary>0 up to 2^63 - 1, in as few bytes as there can be.</summary>
    public long ReadCount(string field)
    {
        long value = 0;
        for (int i = 0; i < MaxCountLength; i++)
        {
            byte next = ReadByte(field);
            value |= (long)(next & 0x7F) << (7 * i);
            if (next >= 0x80) continue;
            return next != 0 || i == 0 ? value : throw Malformed($"{field} is written with more bytes than it needs");
        }

        throw Malformed($"{field} has more than 63 bits");
    }

    public string ReadText(string field)
    {
        long length = ReadCount(field);
        if (length > Remaining) throw Malformed($"{field} takes {length:N0} bytes, the directory has {Remaining:N0} left");
        try
        {
            string text = DirectoryWriter.StrictUtf8.GetString(_bytes.Slice(_position, (int)length));
            _position += (int)length;
            return text;
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException(source, Item, offset + _position, $"{field} is not UTF-8", e);
        }
    }

    /// <summary>The error for bytes that cannot be right, here.</summary>
    public readonly ModelFormatException Malformed(string problem) => new(source, Item, offset + _position, problem);
}
