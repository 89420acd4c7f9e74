using System.IO.Compression;

namespace Tersor.Models.Zip;

/// <summary>Bytes in memory, deflated with a zlib frame (RFC 1950), whose checksum tells damage; raw deflate data (RFC 1951) is read as well.</summary>
internal static class DeflatedBytes
{
    /// <summary>The bytes, as small as they get.</summary>
    public static ReadOnlyMemory<byte> Deflate(ReadOnlySpan<byte> bytes)
    {
        using MemoryStream buffer = new();
        using (ZLibStream zlib = new(buffer, CompressionLevel.SmallestSize, leaveOpen: true)) zlib.Write(bytes);
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    /// <summary>The bytes again.</summary>
    /// <param name="data">From an untrusted file.</param>
    /// <param name="maxBytes">More than these are not inflated.</param>
    /// <returns>Null where more than <paramref name="maxBytes"/> come out.</returns>
    /// <exception cref="InvalidDataException">The data is damaged.</exception>
    public static ReadOnlyMemory<byte>? Inflate(ReadOnlyMemory<byte> data, long maxBytes)
    {
        ReadOnlySpan<byte> start = data.Span;
        bool isZlib = start.Length >= 2 && (start[0] & 15) == 8 && ((start[0] << 8) | start[1]) % 31 == 0;
        using SourceStream input = new(ByteSource.FromMemory(data));
        using Stream inflating = isZlib ? new ZLibStream(input, CompressionMode.Decompress) : new DeflateStream(input, CompressionMode.Decompress);
        using MemoryStream output = new();
        byte[] piece = new byte[1 << 14];
        try
        {
            for (int count = inflating.Read(piece); count > 0; count = inflating.Read(piece))
            {
                if (output.Length + count > Math.Min(maxBytes, Array.MaxLength)) return null;
                output.Write(piece, 0, count);
            }
        }
        catch (IOException e)
        {
            // The data is in memory: this is a wish of the stream that is not granted, such as a dictionary.
            throw new InvalidDataException(e.Message, e);
        }

        return output.GetBuffer().AsMemory(0, (int)output.Length);
    }
}
