using System.Buffers.Binary;
using Tersor.Models;

namespace Tersor.Codec.Dcz;

/// <summary>
/// What a file says of itself, before all weights. Numbers are little-endian; a <em>count</em> is a number of seven bits in a byte, the lowest first, the high bit where more follow; a <em>text</em> is a
/// count of bytes and UTF-8.
/// 1. 4 bytes: <c>44 43 5A 1A</c>.
/// 2. u8: the version, 1.
/// 3. u32: bytes of the directory, which is 4 to 6.
/// 4. count: entries of metadata; per entry two texts, key and value. None where there is a graph, which holds them.
/// 5. count: bytes of the graph, 0 for none.
/// 6. count: tensors; per tensor: text, its name; u8, element type (the numbers of ONNX); count, dimensions; count per dimension; u8, 0 for elements as they are and 1 for shared ones;
///    where they are shared: u8, bits of an index; counts: values of the codebook, entries, fillers among them, bytes of the ids, bytes of the indices.
/// 7. the graph: a <c>ModelProto</c> without the elements of those tensors, deflated (RFC 1950).
/// 8. the bytes of the tensors in order (<see cref="SharedTensorDecoder"/>). Nothing follows.
/// </summary>
internal sealed record DczDirectory
{
    private const byte Version = 1;
    private const int StartLength = 9;

    public static ReadOnlySpan<byte> Magic => [0x44, 0x43, 0x5A, 0x1A];

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    public long GraphOffset { get; init; }

    public required long GraphBytes { get; init; }

    public required IReadOnlyList<DczTensor> Tensors { get; init; }

    /// <summary>Reads the directory and checks that graph and tensors fill the file exactly.</summary>
    /// <exception cref="ModelFormatException">They do not, or the directory is damaged.</exception>
    /// <exception cref="UnsupportedModelException">Another version.</exception>
    /// <exception cref="ResourceLimitException">The directory is larger than the limit.</exception>
    public static DczDirectory Read(ByteSource source, long maxBytes)
    {
        byte[] start = new byte[Math.Min(StartLength, source.Length)];
        source.Read(0, start);
        if (!start.AsSpan().StartsWith(Magic)) throw new ModelFormatException(source.Name, null, 0, "the first bytes are not those of a dcz file");
        if (start.Length < StartLength) throw new ModelFormatException(source.Name, null, start.Length, "the file ends inside its first 9 bytes; fetch it again");
        if (start[4] != Version) throw new UnsupportedModelException(source.Name, [$"version {start[4]} of dcz is not known, {Version} is; a later tersor may read it"]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(5));
        if (length > source.Length - StartLength)
            throw new ModelFormatException(source.Name, null, 5, $"the directory takes {length:N0} bytes, {source.Length - StartLength:N0} follow; the file is truncated");
        if (length > maxBytes) throw new ResourceLimitException($"{source.Name}: the directory takes {length:N0} bytes, more than {maxBytes:N0}; raise ModelReadOptions.MaxHeaderBytes");
        DirectoryReader reader = new(source.Slice(StartLength, length).ReadAll().Span, source.Name, StartLength);
        DczDirectory directory = Read(ref reader, source.Length);
        if (!reader.IsAtEnd) throw reader.Malformed("bytes follow the last tensor's entry");
        return directory;
    }

    /// <summary>The bytes before the graph.</summary>
    public byte[] ToBytes()
    {
        DirectoryWriter writer = new();
        writer.WriteCount(Metadata.Count);
        foreach ((string key, string value) in Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            writer.WriteText(key);
            writer.WriteText(value);
        }

        writer.WriteCount(GraphBytes);
        writer.WriteCount(Tensors.Count);
        foreach (DczTensor tensor in Tensors)
        {
            writer.WriteText(tensor.Name);
            writer.WriteByte((byte)tensor.ElementType);
            writer.WriteCount(tensor.Shape.Rank);
            foreach (long dimension in tensor.Shape.Dimensions) writer.WriteCount(dimension);
            writer.WriteByte(tensor.Sharing is null ? (byte)0 : (byte)1);
            if (tensor.Sharing is null) continue;
            writer.WriteByte((byte)tensor.Sharing.IndexBits);
            writer.WriteCount(tensor.Sharing.CodebookLength);
            writer.WriteCount(tensor.Sharing.EntryCount);
            writer.WriteCount(tensor.Sharing.FillerCount);
            writer.WriteCount(tensor.Sharing.IdBytes);
            writer.WriteCount(tensor.Sharing.IndexBytes);
        }

        byte[] bytes = new byte[StartLength + writer.Written.Length];
        Magic.CopyTo(bytes);
        bytes[4] = Version;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(5), (uint)writer.Written.Length);
        writer.Written.CopyTo(bytes.AsSpan(StartLength));
        return bytes;
    }

    private static DczDirectory Read(ref DirectoryReader reader, long fileLength)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        for (long left = reader.ReadCount("the number of metadata entries"); left > 0; left--)
        {
            string key = reader.ReadText("a key of the metadata");
            if (!metadata.TryAdd(key, reader.ReadText("a value of the metadata"))) throw reader.Malformed($"the metadata has '{key}' twice");
        }

        long graphBytes = reader.ReadCount("the length of the graph");
        long graphOffset = reader.End;
        if (graphBytes > fileLength - graphOffset) throw reader.Malformed($"the graph takes {graphBytes:N0} bytes, {fileLength - graphOffset:N0} follow; the file is truncated");
        List<DczTensor> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        long offset = graphOffset + graphBytes;
        for (long left = reader.ReadCount("the number of tensors"); left > 0; left--)
        {
            DczTensor tensor = ReadTensor(ref reader, offset);
            if (!names.Add(tensor.Name)) throw reader.Malformed("the name occurs twice; names must be unique");
            if (tensor.ByteCount > fileLength - offset) throw reader.Malformed($"it takes {tensor.ByteCount:N0} bytes, {fileLength - offset:N0} are left; the file is truncated");
            offset += tensor.ByteCount;
            tensors.Add(tensor);
            reader.Item = null;
        }

        if (offset != fileLength) throw reader.Malformed($"the tensors end at byte {offset:N0} of {fileLength:N0}");
        return new DczDirectory { Metadata = metadata, GraphOffset = graphOffset, GraphBytes = graphBytes, Tensors = tensors };
    }

    private static DczTensor ReadTensor(ref DirectoryReader reader, long offset)
    {
        string name = reader.ReadText("the name of a tensor");
        reader.Item = $"tensor '{name}'";
        ElementType type = (ElementType)reader.ReadByte("the element type");
        if (type.BitWidth() == 0) throw reader.Malformed($"element type {(int)type} has no fixed width");
        long rank = reader.ReadCount("the number of dimensions");
        if (rank > reader.Remaining) throw reader.Malformed($"{rank:N0} dimensions do not fit the directory");
        long[] dimensions = new long[rank];
        foreach (ref long dimension in dimensions.AsSpan()) dimension = reader.ReadCount("a dimension");
        if (!TensorShape.TryCountElements(dimensions, out long count) || count > long.MaxValue / type.BitWidth())
            throw reader.Malformed("the shape has more elements than 63 bits can count");
        byte coding = reader.ReadByte("the coding");
        if (coding > 1) throw reader.Malformed($"coding {coding} is not known, 0 and 1 are");
        DczSharing? sharing = coding == 0 ? null : ReadSharing(ref reader, type, count);
        return new DczTensor(name, type, new TensorShape(dimensions), sharing, offset);
    }

    private static DczSharing ReadSharing(ref DirectoryReader reader, ElementType type, long count)
    {
        if (type != ElementType.Float32 || count is 0 or > SharedTensorDecoder.MaxElementCount)
            throw reader.Malformed($"{count:N0} elements of {type.Name()} are shared; float32 is possible, up to {SharedTensorDecoder.MaxElementCount:N0}");
        DczSharing sharing = new()
        {
            IndexBits = reader.ReadByte("the width of indices"),
            CodebookLength = (int)Math.Min(int.MaxValue, reader.ReadCount("the length of the codebook")),
            EntryCount = reader.ReadCount("the number of entries"),
            FillerCount = reader.ReadCount("the number of fillers"),
            IdBytes = reader.ReadCount("the length of the ids"),
            IndexBytes = reader.ReadCount("the length of the indices"),
        };
        return sharing.Problem(count) is { } problem ? throw reader.Malformed(problem) : sharing;
    }
}
