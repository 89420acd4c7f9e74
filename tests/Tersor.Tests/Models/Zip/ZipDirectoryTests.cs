using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Tersor.Models;
using Tersor.Models.Zip;

namespace Tersor.Tests.Models.Zip;

public class ZipDirectoryTests
{
    private static byte[] Archive(CompressionLevel level, params (string Name, byte[] Content)[] members)
    {
        MemoryStream stream = new();
        using (ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in members)
            {
                ZipArchiveEntry entry = archive.CreateEntry(name, level);
                entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using Stream member = entry.Open();
                member.Write(content);
            }
        }

        return stream.ToArray();
    }

    private static ZipDirectory Read(byte[] file) => ZipDirectory.Read(ByteSource.FromMemory(file), ModelReadOptions.Default);

    private static byte[] Content(ZipDirectory archive, string name) => archive.Open(archive.Find(name)!).ReadAll().ToArray();

    private static byte[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * i / 7))];

    // Position of the n-th central directory entry.
    private static int DirectoryEntry(byte[] file, int index = 0)
    {
        int at = -1;
        for (int i = 0; i <= index; i++) at += 1 + file.AsSpan(at + 1).IndexOf("PK\u0001\u0002"u8);
        return at;
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Open_MembersOfAnotherWriter_GivesTheirContent(CompressionLevel level)
    {
        ZipDirectory archive = Read(Archive(level, ("a", Numbers(1000)), ("folder/é", []), ("c", Numbers(70_000))));
        Assert.Equal(["a", "folder/é", "c"], archive.Entries.Select(entry => entry.Name));
        Assert.Equal(Numbers(1000), Content(archive, "a"));
        Assert.Empty(Content(archive, "folder/é"));
        Assert.Equal(Numbers(70_000), Content(archive, "c"));
        Assert.Null(archive.Find("d"));
    }

    [Fact]
    public void Open_DeflatedMember_ReadsSkipsAndCopiesAlike()
    {
        byte[] content = Numbers(200_000);
        ZipDirectory archive = Read(Archive(CompressionLevel.Fastest, ("a", content)));
        InflatedSource source = Assert.IsType<InflatedSource>(archive.Open(archive.Entries[0]));
        Assert.False(source.ReadsInParts);
        byte[] part = new byte[100];
        source.Read(150_000, part);
        Assert.Equal(content[150_000..150_100], part);
        InflatedSource rest = source.Skip(123_456);
        Assert.Equal(content[123_456..], rest.ReadAll().ToArray());
        MemoryStream copy = new();
        rest.CopyTo(copy);
        Assert.Equal(content[123_456..], copy.ToArray());
        Assert.Throws<ModelFormatException>(() => rest.Read(rest.Length, part));
    }

    [Fact]
    public void Open_FlippedContent_FailsTheCheckValue()
    {
        byte[] file = Archive(CompressionLevel.Optimal, ("a", Numbers(50)));
        int crc = DirectoryEntry(file) + 16;
        file[crc] ^= 1;
        Assert.Contains("CRC-32", Assert.Throws<ModelFormatException>(() => Content(Read(file), "a")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Open_WrongLength_IsFoundWhenRead(int difference)
    {
        byte[] file = Archive(CompressionLevel.Optimal, ("a", Numbers(50)));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(DirectoryEntry(file) + 24), 50 + difference);
        Assert.Throws<ModelFormatException>(() => Content(Read(file), "a"));
    }

    [Fact]
    public void Read_SizeThatDeflateCannotReach_IsRefusedBeforeAllocating()
    {
        byte[] file = Archive(CompressionLevel.Optimal, ("a", Numbers(50)));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(DirectoryEntry(file) + 24), 2_000_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("cannot hold", Assert.Throws<ModelFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Fact]
    public void Read_OverlappingMembers_AreRefused()
    {
        byte[] file = Archive(CompressionLevel.NoCompression, ("a", Numbers(50)), ("b", Numbers(50)));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(DirectoryEntry(file, 1) + 42), 0);
        Assert.Contains("something else starts", Assert.Throws<ModelFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SameNameTwice_IsRefused()
    {
        byte[] file = Archive(CompressionLevel.NoCompression, ("a", [1]), ("a", [2]));
        Assert.Contains("twice", Assert.Throws<ModelFormatException>(() => Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BytesBeforeOrAfter_AreRefused()
    {
        byte[] file = Archive(CompressionLevel.NoCompression, ("a", [1]));
        Assert.Throws<ModelFormatException>(() => Read([0, .. file]));
        Assert.Throws<ModelFormatException>(() => Read([.. file, 0]));
    }

    [Fact]
    public void Open_LocalHeaderWithAnotherName_IsRefused()
    {
        byte[] file = Archive(CompressionLevel.NoCompression, ("a", [1]));
        file[30] = (byte)'b';
        Assert.Throws<ModelFormatException>(() => Content(Read(file), "a"));
    }

    [Theory]
    [InlineData(8, 1, "encrypted")]
    [InlineData(10, 12, "method 12")]
    public void Open_EncryptedOrUnknownMethod_IsUnsupported(int field, byte value, string expected)
    {
        byte[] file = Archive(CompressionLevel.NoCompression, ("a", [1]));
        file[DirectoryEntry(file) + field] = value;
        ZipDirectory archive = Read(file);
        Assert.Contains(expected, archive.Entries[0].Obstacle, StringComparison.Ordinal);
        Assert.Throws<UnsupportedModelException>(() => archive.Open(archive.Entries[0]));
    }

    [Fact]
    public void Read_EveryTruncationAndBitFlip_SucceedsOrThrowsInOrder()
    {
        byte[] file = Archive(CompressionLevel.Optimal, ("a", Numbers(30)), ("b", Numbers(5)));
        foreach (byte[] damaged in Mutations.Truncations(file)) Assert.Throws<ModelFormatException>(() => Read(damaged));
        foreach (byte[] damaged in Mutations.SingleBitFlips(file))
        {
            try
            {
                ZipDirectory archive = Read(damaged);
                foreach (ZipEntry entry in archive.Entries) archive.Open(entry).ReadAll();
            }
            catch (Exception error) when (error is ModelFormatException or UnsupportedModelException)
            {
                Assert.NotEmpty(error.Message);
            }
        }
    }

    [Fact]
    public void Crc32_KnownAnswer()
    {
        Crc32 crc = default;
        Assert.Equal(0u, crc.Value);
        crc.Append("1234"u8);
        crc.Append("56789"u8);
        Assert.Equal(0xCBF43926u, crc.Value);
        Crc32 whole = default, pieces = default;
        byte[] bytes = Numbers(1000);
        whole.Append(bytes);
        foreach (byte b in bytes) pieces.Append([b]);
        Assert.Equal(whole.Value, pieces.Value);
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(100)]
    [InlineData(0)]
    public void Writer_GivesWhatOthersRead(long zip64Threshold)
    {
        MemoryStream stream = new();
        stream.Write("before"u8);
        ZipWriter writer = new(stream, zip64Threshold);
        (string, byte[])[] members = [("a", Numbers(300)), ("weight é", Numbers(5)), ("empty", [])];
        foreach ((string name, byte[] content) in members) writer.Add(name, content.Length, member => member.Write(content));
        writer.Finish();
        byte[] file = stream.ToArray()[6..];

        ZipDirectory ours = Read(file);
        using ZipArchive theirs = new(new MemoryStream(file));
        Assert.Equal(3, theirs.Entries.Count);
        foreach ((string name, byte[] content) in members)
        {
            Assert.Equal(content, Content(ours, name));
            using Stream member = theirs.GetEntry(name)!.Open();
            MemoryStream copy = new();
            member.CopyTo(copy);
            Assert.Equal(content, copy.ToArray());
        }

        Assert.Equal(zip64Threshold == uint.MaxValue, Encoding.Latin1.GetString(file).IndexOf("PK\u0006\u0006", StringComparison.Ordinal) < 0);
    }

    [Fact]
    public void Writer_WrongLengthPromised_Throws()
    {
        ZipWriter writer = new(new MemoryStream());
        Assert.Throws<InvalidOperationException>(() => writer.Add("a", 2, member => member.WriteByte(1)));
    }
}
