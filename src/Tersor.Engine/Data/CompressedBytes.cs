using System.IO.Compression;
using Tersor.Models;

namespace Tersor.Engine.Data;

/// <summary>Data files, compressed by gzip or not.</summary>
internal static class CompressedBytes
{
    // A gigabyte is more than any data set read here unpacks to.
    private const int MaxBytes = 1 << 30;

    /// <summary>The file of that name in a folder, or of that name with <c>.gz</c>; null where neither is there.</summary>
    public static string? Find(string folder, string name)
    {
        string plain = Path.Combine(folder, name);
        if (File.Exists(plain)) return plain;
        string compressed = plain + ".gz";
        return File.Exists(compressed) ? compressed : null;
    }

    /// <summary>The content of a file, unpacked where it begins as gzip does.</summary>
    /// <exception cref="ModelFormatException">The compressed data is damaged.</exception>
    /// <exception cref="ResourceLimitException">It unpacks to more than a data set holds.</exception>
    public static byte[] Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[2];
        int read = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        file.Position = 0;
        bool isCompressed = read == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
        if (!isCompressed && file.Length > MaxBytes) throw new ResourceLimitException($"{path}: {file.Length:N0} bytes; at most {MaxBytes:N0} are read.");
        using Stream stream = isCompressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        using MemoryStream content = new();
        byte[] piece = new byte[1 << 16];
        try
        {
            for (int count = stream.Read(piece); count > 0; count = stream.Read(piece))
            {
                if (content.Length + count > MaxBytes) throw new ResourceLimitException($"{path}: unpacks to more than {MaxBytes:N0} bytes.");
                content.Write(piece, 0, count);
            }
        }
        catch (InvalidDataException error)
        {
            throw new ModelFormatException(path, null, -1, "the compressed data is damaged; fetch the file again", error);
        }

        return content.ToArray();
    }
}
