using System.IO.Compression;

namespace Tersor.Fuzz;

/// <summary>Packs a pickle as <c>torch.save</c> does, beside one storage of six binary32 numbers.</summary>
internal static class PickleArchive
{
    public static byte[] Of(ReadOnlyMemory<byte> pickle)
    {
        MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(archive, "archive/data.pkl", pickle.Span);
            Add(archive, "archive/data/0", new byte[24]);
            Add(archive, "archive/byteorder", "little"u8);
        }

        return stream.ToArray();
    }

    private static void Add(ZipArchive archive, string name, ReadOnlySpan<byte> content)
    {
        using Stream member = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        member.Write(content);
    }
}
