using Tersor.Models.Zip;

namespace Tersor.Models.Npz;

/// <summary>
/// Reads archives of NumPy arrays and single arrays: all numeric types, either byte order, either element order. Stored arrays stay windows of the
/// file; deflated, big-endian and Fortran-ordered ones are put in order when read. Objects are never loaded.
/// </summary>
public static class NpzReader
{
    /// <summary>Reads all headers. Under <see cref="ModelReadOptions.Lenient"/> bytes behind an array are reported and passed over.</summary>
    /// <param name="source">The whole file: a zip archive or one array, told apart by its first bytes.</param>
    /// <param name="options">Strictness and limits; strict if null.</param>
    /// <param name="leaveOpen">Whether the source outlives the model; otherwise the model, or a failure here, disposes it.</param>
    /// <exception cref="ModelFormatException">The bytes are malformed.</exception>
    /// <exception cref="UnsupportedModelException">Arrays hold objects, records or text, or have unknown compression; all are listed.</exception>
    /// <exception cref="ResourceLimitException">A header is larger than the limits.</exception>
    public static Model Open(ByteSource source, ModelReadOptions? options = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            IReadOnlyList<Tensor> tensors = ReadTensors(source, options ?? ModelReadOptions.Default);
            return new Model(NpzFormat.FormatName, source.Name, tensors, metadata: null, leaveOpen ? null : [source]);
        }
        catch
        {
            if (!leaveOpen) source.Dispose();
            throw;
        }
    }

    private static List<Tensor> ReadTensors(ByteSource source, ModelReadOptions options)
    {
        List<Tensor> tensors = [];
        List<string> unsupported = [];
        byte[] start = new byte[Math.Min(NpyHeader.PrefixLength, source.Length)];
        source.Read(0, start);
        if (NpyHeader.Matches(start))
        {
            ReadArray(source, null, Path.GetFileNameWithoutExtension(source.Name), options, tensors, unsupported);
        }
        else
        {
            ZipDirectory archive = ZipDirectory.Read(source, options);
            foreach (ZipEntry entry in archive.Entries) ReadMember(archive, entry, source.Name, options, tensors, unsupported);
        }

        return unsupported.Count == 0 ? tensors : throw new UnsupportedModelException(source.Name, unsupported);
    }

    private static void ReadMember(
        ZipDirectory archive, ZipEntry entry, string file, ModelReadOptions options, List<Tensor> tensors, List<string> unsupported)
    {
        string item = $"member '{entry.Name}'";
        if (!entry.Name.EndsWith(NpzFormat.ArrayExtension, StringComparison.Ordinal))
            options.Warn?.Invoke($"{file}: {item}: ignored, it is no array");
        else if (entry.Obstacle is not null)
            unsupported.Add($"{item} {entry.Obstacle}");
        else
            ReadArray(archive.Open(entry), item, entry.Name[..^NpzFormat.ArrayExtension.Length], options, tensors, unsupported);
    }

    private static void ReadArray(
        ByteSource array, string? item, string name, ModelReadOptions options, List<Tensor> tensors, List<string> unsupported)
    {
        NpyHeader header = NpyHeader.Read(array, item);
        if (header.Descriptor is null || !NpyElementType.TryParse(header.Descriptor, out ElementType type, out bool isBigEndian))
        {
            unsupported.Add($"{item ?? "the array"} holds {Describe(header.Descriptor)}");
            return;
        }

        if (!TensorShape.TryCountElements(header.Dimensions, out long count) || count > long.MaxValue / type.BitWidth())
            throw new ModelFormatException(array.Name, item, 0, "the shape has more elements than 63 bits can count");
        TensorShape shape = new(header.Dimensions);
        long length = type.ByteLength(count);
        long available = array.Length - header.DataOffset;
        if (length > available)
        {
            throw new ModelFormatException(
                array.Name, item, header.DataOffset, $"{type.Name()} {shape} takes {length} bytes, {available} follow; the file is truncated");
        }

        if (length < available)
        {
            string finding = $"{available - length} bytes follow the {length} of {type.Name()} {shape}";
            if (!options.Lenient)
                throw new ModelFormatException(array.Name, item, header.DataOffset + length, $"{finding}; read leniently to pass over them");
            options.Warn?.Invoke($"{array.Name}: {item ?? "the array"}: passed over: {finding}");
        }

        ByteSource data = Elements(array, header.DataOffset, length);
        if (isBigEndian) data = ReversedByteOrder.Of(data, type);
        if (header.IsFortranOrder) data = StridedElements.RowMajor(array.Name, data, 0, shape, FortranStrides(shape), type.BitWidth() / 8);
        tensors.Add(new Tensor(name, type, shape, data));
    }

    // An array without extra bytes can still be copied as a whole member, whose check value is verified then.
    private static ByteSource Elements(ByteSource array, long offset, long length) => array switch
    {
        InflatedSource inflated when inflated.Length - offset == length => inflated.Skip(offset),
        StoredSource stored when stored.Length - offset == length => stored.Skip(offset),
        _ => array.Slice(offset, length),
    };

    private static long[] FortranStrides(TensorShape shape)
    {
        long[] strides = new long[shape.Rank];
        long stride = 1;
        for (int i = 0; i < strides.Length; i++)
        {
            strides[i] = stride;
            stride *= shape[i];
        }

        return strides;
    }

    private static string Describe(string? descriptor) => descriptor switch
    {
        null => "records (a structured type); save each field as an array of its own",
        { Length: > 1 } when descriptor[1] == 'O' => "Python objects, which are never loaded; save numbers instead",
        { Length: > 1 } when descriptor[1] is 'U' or 'S' => $"text ('{descriptor}'); save numbers instead",
        { Length: > 1 } when descriptor[1] == 'V' =>
            $"raw bytes ('{descriptor}'), often bfloat16 or float8, which npy cannot name; save as safetensors",
        _ => $"elements of type '{descriptor}', which have no counterpart here; convert them with astype",
    };
}
