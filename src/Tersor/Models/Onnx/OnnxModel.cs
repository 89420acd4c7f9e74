namespace Tersor.Models.Onnx;

/// <summary>
/// An ONNX model: its tensors wherever the file holds them, and the file itself, of which every byte that is not a weight is kept as it is.
/// </summary>
/// <remarks>
/// Tensors are named as in the main graph where they are its initializers. A tensor of a Constant node is named by the node's output; others by the way
/// to them, such as <c>y/then_branch/w</c>; the parts of a sparse initializer <c>s</c> are <c>s/values</c> and <c>s/indices</c>. Text and element types
/// unknown to <see cref="ElementType"/> are carried along without being listed.
/// </remarks>
public sealed class OnnxModel : Model
{
    private readonly OnnxScan _scan;
    private readonly Dictionary<string, OnnxTensorRecord> _records;
    private readonly IReadOnlyDictionary<string, string> _newMetadata;
    private readonly long _maxTopologyBytes;

    private OnnxModel(
        ByteSource skeleton,
        OnnxScan scan,
        IReadOnlyList<Tensor> tensors,
        long maxTopologyBytes,
        string source,
        IReadOnlyList<IDisposable> owned,
        IReadOnlyDictionary<string, string>? newMetadata = null)
        : base("onnx", source, tensors, newMetadata is null ? scan.Metadata : Merge(scan.Metadata, newMetadata), owned)
    {
        Skeleton = skeleton;
        Summary = scan.Summary;
        _scan = scan;
        _maxTopologyBytes = maxTopologyBytes;
        _newMetadata = newMetadata ?? new Dictionary<string, string>(StringComparer.Ordinal);
        _records = scan.Tensors.ToDictionary(record => record.Name, StringComparer.Ordinal);
    }

    /// <summary>What the file says about itself.</summary>
    public OnnxSummary Summary { get; }

    /// <summary>The bytes that the model was read from: the file, or a topology.</summary>
    internal ByteSource Skeleton { get; }

    // Where external data is, and how it is judged.
    private ExternalDataFolder? Folder { get; init; }

    private ModelReadOptions Options { get; init; } = ModelReadOptions.Default;

    /// <summary>Opens a file; external data is looked for in its folder.</summary>
    /// <exception cref="ModelFormatException">The bytes are malformed, or external data is missing, too short or outside the folder.</exception>
    /// <exception cref="ResourceLimitException">The file declares more than a usable model does.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static OnnxModel Open(string path, ModelReadOptions? options = null)
    {
        ByteSource file = ByteSource.FromFile(path);
        try
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? throw new ArgumentException($"{path} is not a file.", nameof(path));
            return Open(file, new ExternalDataFolder(folder, path), options);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a model in a source, which the model then owns; external data has no folder to be in and is refused.</summary>
    /// <exception cref="ModelFormatException">The bytes are malformed.</exception>
    /// <exception cref="UnsupportedModelException">The model has external data.</exception>
    /// <exception cref="ResourceLimitException">The bytes declare more than a usable model does.</exception>
    public static OnnxModel Open(ByteSource source, ModelReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Open(source, null, options);
    }

    /// <summary>Joins a topology, as <see cref="MakeTopology"/> made it, with tensors.</summary>
    /// <param name="topology">A <c>ModelProto</c>, some of whose tensors have no elements.</param>
    /// <param name="tensors">
    /// Gives the tensor of a name; asked for each that has no elements. Binary32 is converted to the declared type if that is binary16, bfloat16 or binary64, and
    /// 32-bit integers to whole numbers of other widths.
    /// </param>
    /// <param name="source">Path or description, for messages.</param>
    /// <param name="places">Where in the source the tensor of a name begins, or should; for messages. Null where that is not known.</param>
    /// <exception cref="ModelFormatException">The topology is malformed, or tensors are missing or do not fit; all are named.</exception>
    public static OnnxModel FromTopology(ReadOnlyMemory<byte> topology, Func<string, Tensor?> tensors, string source, Func<string, long>? places = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ByteSource skeleton = ByteSource.FromMemory(topology, source);
        OnnxScan scan = OnnxScan.Read(skeleton, isTopology: true);
        List<Tensor> joined = new(scan.Tensors.Count);
        List<string> problems = [];
        string? first = null;
        foreach (OnnxTensorRecord record in scan.Tensors)
        {
            if (!record.IsPlaceholder) joined.Add(new Tensor(record.Name, record.ElementType, record.Shape, InlineData(skeleton, record)));
            else if (TryFit(record, tensors(record.Name), places?.Invoke(record.Name) ?? -1, out ByteSource? data, out string? problem)) joined.Add(new Tensor(record.Name, record.ElementType, record.Shape, data));
            else
            {
                first ??= record.Name;
                problems.Add(problem);
            }
        }

        if (first is not null)
            throw new ModelFormatException(source, $"tensor '{first}'", places?.Invoke(first) ?? -1, $"topology and tensors do not fit: {string.Join("; ", problems)}");
        return new OnnxModel(skeleton, scan, joined, Array.MaxLength, source, []);
    }

    /// <inheritdoc/>
    public override bool HasGraph => true;

    /// <inheritdoc/>
    /// <remarks>False for elements whose encoding could not be restored byte for byte, such as unpacked typed fields, and where there are none.</remarks>
    public override bool CanDetach(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return OnnxTensorEdits.CanDetach(RecordOf(tensor));
    }

    /// <inheritdoc/>
    /// <exception cref="ResourceLimitException">What remains is larger than <see cref="ModelReadOptions.MaxHeaderBytes"/>.</exception>
    public override Topology MakeTopology(Func<Tensor, bool> isCoded)
    {
        ArgumentNullException.ThrowIfNull(isCoded);
        WireSplice splice = NewSplice();
        foreach (Tensor tensor in Tensors)
        {
            OnnxTensorRecord record = RecordOf(tensor);
            if (OnnxTensorEdits.CanDetach(record) && isCoded(tensor)) OnnxTensorEdits.Detach(splice, record);
            else OnnxTensorEdits.Embed(splice, record, tensor.Data);
        }

        if (splice.Length > Math.Min(_maxTopologyBytes, Array.MaxLength))
        {
            throw new ResourceLimitException(
                $"{Source}: without its coded tensors the model still takes {splice.Length:N0} bytes; code more of them, or raise the limit of {_maxTopologyBytes:N0}.");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)splice.Length);
        using MemoryStream stream = new(bytes);
        splice.WriteTo(stream);
        return new Topology(TopologyFormat.Onnx, bytes);
    }

    /// <inheritdoc/>
    public override Model WithMetadata(IReadOnlyDictionary<string, string> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return new OnnxModel(Skeleton, _scan, Tensors, _maxTopologyBytes, Source, [], Merge(_newMetadata, entries)) { Folder = Folder, Options = Options };
    }

    /// <summary>A splice of the file in which new metadata already stands; entries of the same key are gone.</summary>
    internal WireSplice NewSplice()
    {
        WireSplice splice = new(Skeleton);
        if (_newMetadata.Count == 0) return splice;
        OnnxMessage model = new(Skeleton.Length);
        foreach ((string key, long start, long end) in _scan.MetadataFields)
        {
            if (_newMetadata.ContainsKey(key)) splice.Remove(model, start, end);
        }

        WireWriter entries = new();
        foreach ((string key, string value) in _newMetadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            entries.Message(OnnxFields.Model.MetadataProps, new WireWriter().Text(OnnxFields.Entry.Key, key).Text(OnnxFields.Entry.Value, value));
        splice.Append(entries.Written);
        return splice;
    }

    /// <summary>
    /// Reads the files of external data for which the model states a checksum (key <c>checksum</c>: SHA-1 of the file) whole, and compares. Reading tensors does not
    /// do this.
    /// </summary>
    /// <param name="cancellationToken">Checked every megabyte.</param>
    /// <returns>One entry for each tensor whose checksum is not that of its file.</returns>
    /// <exception cref="ModelFormatException">A file is missing by now, or was exchanged for a link that leads out of the folder.</exception>
    public IReadOnlyList<ModelFormatException> CheckExternalData(CancellationToken cancellationToken = default) =>
        Folder is null ? [] : ExternalDataChecksums.Check(_records.Values, Folder, Source, Options, cancellationToken);

    internal OnnxTensorRecord RecordOf(Tensor tensor) =>
        ReferenceEquals(Find(tensor.Name), tensor)
            ? _records[tensor.Name]
            : throw new ArgumentException($"Tensor '{tensor.Name}' is not of this model.", nameof(tensor));

    private static OnnxModel Open(ByteSource source, ExternalDataFolder? folder, ModelReadOptions? options)
    {
        options ??= ModelReadOptions.Default;
        ByteSource skeleton = source.ReadsInParts ? source : ByteSource.FromMemory(source.ReadAll(), source.Name);
        OnnxScan scan = OnnxScan.Read(skeleton, isTopology: false, options.Warn);
        if (folder is null && scan.Tensors.Any(record => record.External is not null))
            throw new UnsupportedModelException(source.Name, ["its weights are in other files; open the model by its path"]);
        List<Tensor> tensors = new(scan.Tensors.Count);
        foreach (OnnxTensorRecord record in scan.Tensors)
        {
            ByteSource data = record.Encoding == OnnxEncoding.External ? folder!.Open(record, options) : InlineData(skeleton, record);
            tensors.Add(new Tensor(record.Name, record.ElementType, record.Shape, data));
        }

        return new OnnxModel(skeleton, scan, tensors, options.MaxHeaderBytes, source.Name, [source]) { Folder = folder, Options = options };
    }

    /// <summary>The elements of a tensor that the skeleton holds itself.</summary>
    internal static ByteSource InlineData(ByteSource skeleton, OnnxTensorRecord record)
    {
        long length = record.ElementType.ByteLength(record.Shape.ElementCount);
        if (length == 0) return ByteSource.FromMemory(default, skeleton.Name);
        return record.Data is { } data && !OnnxTypedData.IsVarint(record.Encoding)
            ? skeleton.Slice(data.Start, length)
            : ByteSource.Deferred(skeleton.Name, length, _ => OnnxTypedData.Decode(skeleton, record));
    }

    private static bool TryFit(
        OnnxTensorRecord record,
        Tensor? tensor,
        long place,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ByteSource? data,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? problem)
    {
        (data, problem) = (null, null);
        if (tensor is null) problem = $"tensor '{record.Name}' is missing";
        else if (tensor.ElementCount != record.Shape.ElementCount) problem = $"tensor '{record.Name}' is {tensor.Shape}, the topology wants {record.Shape}";
        else if (tensor.ElementType == record.ElementType) data = tensor.Data;
        else if (tensor.ElementType == ElementType.Float32 && ConvertedSource.IsTarget(record.ElementType)) data = new ConvertedSource(tensor.Data, record.ElementType);
        else if (tensor.ElementType == ElementType.Int32 && record.ElementType.IsInteger()) data = IntegerElements.Narrow(tensor.Data, record.Name, place, record.ElementType);
        else problem = $"tensor '{record.Name}' is {tensor.ElementType.Name()}, the topology wants {record.ElementType.Name()}";
        return problem is null;
    }
}
