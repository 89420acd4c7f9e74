using System.Buffers;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Nnc;

namespace Tersor.Codec;

/// <summary>
/// A compressed model (<c>.nnc</c>, ISO/IEC 15938-17), open for reading: tensors by name, or the whole model. Nothing is decoded before it is asked for,
/// and several threads may ask at once.
/// </summary>
public sealed class CompressedModel : IDisposable
{
    private const long MaxBytesAhead = 128L << 20;

    private readonly Dictionary<string, CompressedTensor> _byName = new(StringComparer.Ordinal);
    private readonly Lazy<Topology> _topology;
    private readonly Lazy<Model> _kept;
    private readonly ByteSource? _owned;

    private CompressedModel(NncReader reader, bool asCoded, ByteSource? owned)
    {
        Reader = reader;
        _owned = owned;
        _topology = new Lazy<Topology>(reader.ReadTopology);
        _kept = new Lazy<Model>(() => ToModel());
        Tensors = CompressedTensor.List(reader, asCoded, new DecodeBuffers(MaxBytesAhead));
        foreach (CompressedTensor tensor in Tensors)
        {
            if (!_byName.TryAdd(tensor.Name, tensor))
                throw new ModelFormatException(reader.Source, $"tensor '{tensor.Name}'", tensor.Parts[0].UnitOffset, "the name occurs twice; names must be unique");
        }
    }

    /// <summary>The stream's units and their headers.</summary>
    public NncReader Reader { get; }

    /// <summary>The coded tensors in the order of the stream. With an ONNX topology the small ones may be inside it: see <see cref="ToModel"/>.</summary>
    public IReadOnlyList<CompressedTensor> Tensors { get; }

    /// <summary>The network without its weights; <see cref="TopologyFormat.None"/> where the stream carries tensors only.</summary>
    /// <exception cref="ModelFormatException">The topology unit is damaged.</exception>
    public Topology Topology => _topology.Value;

    /// <summary>Opens a file, which stays open until disposal.</summary>
    /// <param name="path">The file.</param>
    /// <param name="asCoded">Leave local scaling, folded batch norm and decomposition factors as they stand in the stream instead of multiplying them out.</param>
    /// <param name="options">Limits for streams that may come from anywhere; null for the defaults.</param>
    /// <exception cref="ModelFormatException">Not an NNC stream, or a header is damaged.</exception>
    /// <exception cref="UnsupportedModelException">Valid, but of a kind that is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static CompressedModel Open(string path, bool asCoded = false, NncReadOptions? options = null) => Open(ByteSource.FromFile(path), asCoded, options, owned: true);

    /// <summary>Opens a stream in memory.</summary>
    /// <inheritdoc cref="Open(string, bool, NncReadOptions?)"/>
    public static CompressedModel Open(ReadOnlyMemory<byte> bytes, bool asCoded = false, NncReadOptions? options = null) =>
        Open(ByteSource.FromMemory(bytes), asCoded, options, owned: true);

    /// <summary>Opens a stream that stays owned by the caller.</summary>
    /// <inheritdoc cref="Open(string, bool, NncReadOptions?)"/>
    public static CompressedModel Open(ByteSource source, bool asCoded = false, NncReadOptions? options = null) => Open(source, asCoded, options, owned: false);

    /// <summary>Reads a stream to its end into memory and opens that.</summary>
    /// <inheritdoc cref="Open(string, bool, NncReadOptions?)"/>
    public static async Task<CompressedModel> OpenAsync(
        Stream stream, bool asCoded = false, NncReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using MemoryStream buffer = new();
        await stream.CopyToAsync(buffer, cancellationToken);
        return Open(buffer.ToArray(), asCoded, options);
    }

    /// <summary>The coded tensor of that name, or null.</summary>
    public CompressedTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The values of a tensor, narrow and wide floats and 32-bit integers converted to binary32.</summary>
    /// <param name="name">Name of a tensor: a coded one, or a small one that the topology keeps.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="KeyNotFoundException">No tensor has this name.</exception>
    /// <exception cref="InvalidOperationException">The elements are of another type: read the bytes of <see cref="ToModel"/>'s tensor.</exception>
    /// <exception cref="ModelFormatException">The tensor's unit, or the topology, is damaged.</exception>
    public float[] Decode(string name, CancellationToken cancellationToken = default) => Find(name)?.ReadSingles(cancellationToken) ?? RequireKept(name).ReadSingles(cancellationToken);

    /// <summary>The values of a tensor into memory of the caller.</summary>
    /// <param name="name">Name of a tensor of binary32 values: a coded one, or a small one that the topology keeps.</param>
    /// <param name="values">One for each element, row-major.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="KeyNotFoundException">No tensor has this name.</exception>
    /// <exception cref="InvalidOperationException">The elements are not binary32.</exception>
    /// <exception cref="ArgumentException">The length is not the number of elements.</exception>
    /// <exception cref="ModelFormatException">The tensor's unit, or the topology, is damaged.</exception>
    public void Decode(string name, Span<float> values, CancellationToken cancellationToken = default)
    {
        if (Find(name) is { } coded)
        {
            coded.Decode(values, cancellationToken);
            return;
        }

        Tensor kept = RequireKept(name);
        if (kept.ElementType != ElementType.Float32) throw new InvalidOperationException($"Tensor '{name}' holds {kept.ElementType.Name()}, not float32.");
        if (kept.ElementCount != values.Length) throw new ArgumentException($"Tensor '{name}' has {kept.ElementCount} elements; there is room for {values.Length}.", nameof(values));
        kept.ReadSingles(cancellationToken).CopyTo(values);
    }

    /// <summary>Decodes on another thread.</summary>
    /// <inheritdoc cref="Decode(string, CancellationToken)"/>
    public Task<float[]> DecodeAsync(string name, CancellationToken cancellationToken = default) => Task.Run(() => Decode(name, cancellationToken), cancellationToken);

    /// <summary>
    /// The model: the ONNX model where its graph travels along, else the tensors with the element types and metadata that were noted for them. Data is
    /// decoded when read; the model needs this object to stay open.
    /// </summary>
    /// <param name="threads">With more than one, tensors are decoded ahead of a reader that goes through them in order.</param>
    /// <exception cref="ModelFormatException">The topology is damaged or does not fit the tensors.</exception>
    public Model ToModel(int threads = 1)
    {
        DecodeAhead? ahead = threads <= 1 ? null : new DecodeAhead(
            [.. Tensors.Select(tensor => tensor.ByteLength)], (index, cancellationToken) => Tensors[index].ReadBytes(cancellationToken), threads, MaxBytesAhead);
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        for (int i = 0; i < Tensors.Count; i++)
        {
            int index = i;
            tensors.Add(Tensors[i].Name, Tensors[i].ToTensor(ahead is null ? null : cancellationToken => ahead.Take(index, cancellationToken)));
        }

        if (Topology.Format != TopologyFormat.Onnx) return new Model(NncFormat.FormatName, Reader.Source, [.. tensors.Values]);
        OnnxModel onnx = OnnxModel.FromTopology(Topology.Bytes, tensors.GetValueOrDefault, Reader.Source, PlaceOf);
        if (!OnnxTopology.IsList(onnx.Summary)) return onnx;

        // A list of tensors: it says types, shapes and metadata of some tensors, and may hold small ones; the others are as their units say.
        return new Model(
            NncFormat.FormatName,
            Reader.Source,
            [.. Tensors.Select(tensor => onnx.Find(tensor.Name) ?? tensors[tensor.Name]), .. onnx.Tensors.Where(tensor => !tensors.ContainsKey(tensor.Name))],
            onnx.Metadata);
    }

    /// <summary>Writes the whole model as ONNX: the bytes that a runtime's byte-array constructor takes.</summary>
    /// <exception cref="UnsupportedModelException">The stream carries no ONNX graph.</exception>
    public void WriteOnnx(IBufferWriter<byte> destination, int threads = 1, CancellationToken cancellationToken = default) =>
        OnnxWriter.Write(RequireOnnx(threads), destination, cancellationToken);

    /// <summary>Writes the whole model as ONNX to a stream.</summary>
    /// <exception cref="UnsupportedModelException">The stream carries no ONNX graph.</exception>
    public void WriteOnnx(Stream destination, int threads = 1, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default) =>
        OnnxWriter.Write(RequireOnnx(threads), destination, progress, cancellationToken);

    /// <summary>Writes the whole model as ONNX to a stream, on another thread.</summary>
    /// <exception cref="UnsupportedModelException">The stream carries no ONNX graph.</exception>
    public Task WriteOnnxAsync(Stream destination, int threads = 1, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => WriteOnnx(destination, threads, progress, cancellationToken), cancellationToken);

    /// <summary>Closes the stream.</summary>
    public void Dispose()
    {
        Reader.Dispose();
        _owned?.Dispose();
    }

    private static CompressedModel Open(ByteSource source, bool asCoded, NncReadOptions? options, bool owned)
    {
        try
        {
            return new CompressedModel(NncReader.Open(source, options), asCoded, owned ? source : null);
        }
        catch
        {
            if (owned) source.Dispose();
            throw;
        }
    }

    // What is missing would stand at the end: the stream was cut between units.
    private long PlaceOf(string name) => Find(name)?.Parts[0].UnitOffset ?? Reader.ByteCount;

    private Tensor RequireKept(string name) => _kept.Value.Find(name) ?? throw new KeyNotFoundException($"{Reader.Source} has no tensor '{name}'.");

    private OnnxModel RequireOnnx(int threads) => ToModel(threads) as OnnxModel
        ?? throw new UnsupportedModelException(Reader.Source, ["the stream carries no ONNX graph; write it as safetensors or npz"]);
}
