using System.Buffers;
using System.Text;

namespace Tersor.Codec.Dcz;

/// <summary>Writes the fields that <see cref="DirectoryReader"/> reads.</summary>
internal sealed class DirectoryWriter
{
    public static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Everything so far.</summary>
    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void WriteByte(byte value) => _bytes.Write([value]);

    /// <summary>A number that is not negative.</summary>
    public void WriteCount(long value)
    {
        for (; value >= 0x80; value >>= 7) WriteByte((byte)(value | 0x80));
        WriteByte((byte)value);
    }

    /// <exception cref="EncoderFallbackException">The text holds half a surrogate pair.</exception>
    public void WriteText(string text)
    {
        byte[] bytes = StrictUtf8.GetBytes(text);
        WriteCount(bytes.Length);
        _bytes.Write(bytes);
    }
}
