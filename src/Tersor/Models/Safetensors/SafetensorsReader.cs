using System.Buffers.Binary;

namespace Tersor.Models.Safetensors;

/// <summary>
/// Reads safetensors: an 8-byte length, a JSON header, then the data without gaps. The rules are those of the reference implementation:
/// offsets start at 0, follow each other without hole or overlap and end with the file; type times shape is the length; header at most 100 MB.
/// </summary>
public static class SafetensorsReader
{
    /// <summary>
    /// Reads the header; tensors are windows of <paramref name="source"/>, in the order of their data. Under <see cref="ModelReadOptions.Lenient"/>
    /// holes, bytes after the last tensor and unknown fields are reported and passed over.
    /// </summary>
    /// <param name="source">The whole file.</param>
    /// <param name="options">Strictness and limits; strict if null.</param>
    /// <param name="leaveOpen">Whether the source outlives the model; otherwise the model, or a failure here, disposes it.</param>
    /// <exception cref="ModelFormatException">The bytes are malformed.</exception>
    /// <exception cref="UnsupportedModelException">Tensors have types that this library does not know; all are listed.</exception>
    /// <exception cref="ResourceLimitException">The header is larger than 100 MB or <see cref="ModelReadOptions.MaxHeaderBytes"/>.</exception>
    public static Model Open(ByteSource source, ModelReadOptions? options = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            return Read(source, options ?? ModelReadOptions.Default, leaveOpen);
        }
        catch
        {
            if (!leaveOpen) source.Dispose();
            throw;
        }
    }

    /// <summary>Reads from a stream that can seek; see <see cref="Open(ByteSource, ModelReadOptions?, bool)"/>.</summary>
    /// <exception cref="ArgumentException">The stream cannot seek or be read.</exception>
    public static Model Open(Stream stream, ModelReadOptions? options = null, bool leaveOpen = false) =>
        Open(ByteSource.FromStream(stream, leaveOpen: leaveOpen), options);

    /// <summary>Whether the start of a file can be a length and the opening of a JSON object.</summary>
    internal static bool Matches(ReadOnlySpan<byte> start, long fileLength)
    {
        if (start.Length <= SafetensorsHeader.PrefixLength || start[SafetensorsHeader.PrefixLength] != (byte)'{') return false;
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        return length >= 2 && length <= (ulong)(fileLength - SafetensorsHeader.PrefixLength);
    }

    private static Model Read(ByteSource source, ModelReadOptions options, bool leaveOpen)
    {
        byte[] json = ReadHeader(source, options);
        SafetensorsHeader header = SafetensorsHeader.Parse(json, source.Name, options);
        List<Tensor> tensors = PlaceTensors(source, SafetensorsHeader.PrefixLength + json.Length, header.Entries, options);
        return new Model(SafetensorsFormat.FormatName, source.Name, tensors, header.Metadata, leaveOpen ? null : [source]);
    }

    private static byte[] ReadHeader(ByteSource source, ModelReadOptions options)
    {
        if (source.Length < SafetensorsHeader.PrefixLength)
        {
            throw new ModelFormatException(
                source.Name, null, 0, $"{source.Length} bytes are too few for the 8-byte header length; the file is truncated");
        }

        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixLength];
        source.Read(0, prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        ulong remaining = (ulong)(source.Length - SafetensorsHeader.PrefixLength);
        if (length > remaining)
        {
            throw new ModelFormatException(
                source.Name, null, 0, $"declares a header of {length} bytes, {remaining} follow; the file is truncated or not safetensors");
        }

        long limit = Math.Min(SafetensorsHeader.MaxLength, options.MaxHeaderBytes);
        if (length > (ulong)limit)
        {
            throw new ResourceLimitException(
                $"{source.Name}: the header has {length:N0} bytes, at most {limit:N0} are read; split the model into shards.");
        }

        byte[] json = new byte[(int)length];
        source.Read(SafetensorsHeader.PrefixLength, json);
        return json;
    }

    private static List<Tensor> PlaceTensors(ByteSource source, long dataStart, List<SafetensorsEntry> entries, ModelReadOptions options)
    {
        List<string> unsupported = [];
        foreach (SafetensorsEntry entry in entries)
        {
            if (SafetensorsElementType.Of(entry.DataType) == ElementType.Undefined)
                unsupported.Add($"tensor '{entry.Name}' has dtype {entry.DataType}; known are {SafetensorsElementType.AllNames}");
        }

        if (unsupported.Count > 0) throw new UnsupportedModelException(source.Name, unsupported);

        // A stable order: empty tensors that share an offset stay in header order.
        IEnumerable<SafetensorsEntry> byPlace = entries.OrderBy(entry => entry.Start).ThenBy(entry => entry.End);
        List<Tensor> tensors = new(entries.Count);
        long dataLength = source.Length - dataStart;
        long covered = 0;
        foreach (SafetensorsEntry entry in byPlace)
        {
            tensors.Add(PlaceTensor(source, dataStart, dataLength, entry, covered, options));
            covered = entry.End;
        }

        if (covered < dataLength)
            Tolerate(source, null, dataStart + covered, $"{dataLength - covered} bytes follow the last tensor", options);
        return tensors;
    }

    private static Tensor PlaceTensor(
        ByteSource source, long dataStart, long dataLength, SafetensorsEntry entry, long covered, ModelReadOptions options)
    {
        string item = $"tensor '{entry.Name}'";
        ElementType type = SafetensorsElementType.Of(entry.DataType);
        if (!TensorShape.TryCountElements(entry.Dimensions, out long count) || count > long.MaxValue / type.BitWidth())
            throw new ModelFormatException(source.Name, item, entry.FileOffset, "the shape has more elements than 63 bits can count");
        TensorShape shape = new(entry.Dimensions);
        if (count * type.BitWidth() % 8 != 0)
        {
            throw new ModelFormatException(
                source.Name, item, entry.FileOffset, $"{count} elements of dtype {entry.DataType} do not fill whole bytes");
        }

        if (entry.End < entry.Start || entry.End > dataLength)
        {
            throw new ModelFormatException(
                source.Name,
                item,
                entry.FileOffset,
                $"data_offsets [{entry.Start}, {entry.End}] do not lie within the {dataLength} bytes of data; the file is truncated or damaged");
        }

        if (type.ByteLength(count) != entry.End - entry.Start)
        {
            throw new ModelFormatException(
                source.Name,
                item,
                entry.FileOffset,
                $"{entry.DataType} {shape} takes {type.ByteLength(count)} bytes, data_offsets give it {entry.End - entry.Start}");
        }

        if (entry.Start < covered)
        {
            throw new ModelFormatException(
                source.Name,
                item,
                entry.FileOffset,
                $"data starts at {entry.Start}, inside the tensor that ends at {covered}; shared data is not allowed");
        }

        if (entry.Start > covered)
            Tolerate(source, item, dataStart + covered, $"{entry.Start - covered} bytes before it belong to no tensor", options);
        return new Tensor(entry.Name, type, shape, source.Slice(dataStart + entry.Start, entry.End - entry.Start));
    }

    private static void Tolerate(ByteSource source, string? item, long offset, string finding, ModelReadOptions options)
    {
        ModelFormatException refusal = new(source.Name, item, offset, $"{finding}; read leniently to pass over them");
        if (!options.Lenient) throw refusal;
        options.Warn?.Invoke(item is null ? $"{source.Name}: passed over: {finding}" : $"{source.Name}: {item}: passed over: {finding}");
    }
}
