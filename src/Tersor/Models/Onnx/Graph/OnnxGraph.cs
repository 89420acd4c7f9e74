using System.Security.Cryptography;

namespace Tersor.Models.Onnx;

/// <summary>
/// The main graph of an ONNX model, node by node: what a runtime needs. Weights stay where they are until read. Reading keeps what defines the computation;
/// documentation strings, functions and training graphs are left out (<see cref="Model"/> carries those through).
/// </summary>
public sealed class OnnxGraph
{
    /// <summary>Path or description of where the graph came from, for messages.</summary>
    public string Source { get; init; } = "graph";

    /// <summary>The graph's name.</summary>
    public string Name { get; init; } = "graph";

    /// <summary>Version of the intermediate representation; 0 lets the writer choose by operator set.</summary>
    public long IrVersion { get; init; }

    /// <summary>The operator sets imported.</summary>
    public required IReadOnlyList<OnnxOperatorSet> OperatorSets { get; init; }

    /// <summary>In file order, which valid files keep topological.</summary>
    public required IReadOnlyList<OnnxNode> Nodes { get; init; }

    /// <summary>Inputs; models before IR version 4 list initializers here too.</summary>
    public required IReadOnlyList<OnnxGraphValue> Inputs { get; init; }

    /// <summary>Outputs.</summary>
    public required IReadOnlyList<OnnxGraphValue> Outputs { get; init; }

    /// <summary>What the file says about intermediate results.</summary>
    public IReadOnlyList<OnnxGraphValue> Values { get; init; } = [];

    /// <summary>Weights and constants by the names that nodes use.</summary>
    public IReadOnlyList<Tensor> Initializers { get; init; } = [];

    /// <summary>Free text by key.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Version of the imported operator set of <paramref name="domain"/>; 0 where it is not imported, 1 for the standard set of files that import none.</summary>
    public long OperatorSetVersion(string domain = "")
    {
        foreach (OnnxOperatorSet set in OperatorSets)
        {
            if (set.Domain == domain || (domain.Length == 0 && set.Domain == "ai.onnx")) return set.Version;
        }

        return domain.Length == 0 && OperatorSets.Count == 0 ? 1 : 0;
    }

    /// <summary>Reads a graph whose weights lie in the same file.</summary>
    /// <exception cref="ModelFormatException">The bytes are malformed.</exception>
    /// <exception cref="UnsupportedModelException">Weights lie in other files, or are of kinds that cannot be read; use <see cref="FromModel"/> for the former.</exception>
    /// <exception cref="ResourceLimitException">More nodes and names than are kept.</exception>
    public static OnnxGraph Read(ByteSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return OnnxGraphReader.Read(source, weights: null);
    }

    /// <summary>
    /// The graph of a model of any format that carries one. Weights are the model's tensors, which must outlive the graph or be read before.
    /// </summary>
    /// <exception cref="UnsupportedModelException">The format knows only tensors, or keeps its network in another form than ONNX.</exception>
    /// <exception cref="ModelFormatException">The topology is malformed, or asks for a tensor that the model has not.</exception>
    public static OnnxGraph FromModel(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Topology? topology = model.MakeTopology(_ => true);
        if (topology is null || topology.Format != TopologyFormat.Onnx)
            throw new UnsupportedModelException(model.Source, [$"a {model.Format} model without an ONNX graph cannot be run; open the .onnx file it belongs to"]);
        return OnnxGraphReader.Read(ByteSource.FromMemory(topology.Bytes, model.Source), model.Find);
    }

    /// <summary>The same graph with other data for some initializers, given by name; the others keep theirs.</summary>
    /// <exception cref="ArgumentException">A name is not that of an initializer, or a tensor has another type or shape.</exception>
    public OnnxGraph WithInitializers(IReadOnlyDictionary<string, Tensor> replacements)
    {
        ArgumentNullException.ThrowIfNull(replacements);
        HashSet<string> unused = [.. replacements.Keys];
        Tensor[] initializers = new Tensor[Initializers.Count];
        for (int i = 0; i < initializers.Length; i++)
        {
            Tensor before = Initializers[i];
            initializers[i] = before;
            if (!replacements.TryGetValue(before.Name, out Tensor? after)) continue;
            if (after.ElementType != before.ElementType || after.Shape != before.Shape)
                throw new ArgumentException($"Initializer '{before}' cannot become '{after}'.", nameof(replacements));
            initializers[i] = after;
            unused.Remove(before.Name);
        }

        if (unused.Count > 0)
            throw new ArgumentException($"No initializer is called '{string.Join("', '", unused.Order(StringComparer.Ordinal))}'.", nameof(replacements));
        return With(initializers, Outputs, Metadata);
    }

    /// <summary>The same graph with other outputs, such as results in between.</summary>
    public OnnxGraph WithOutputs(IReadOnlyList<OnnxGraphValue> outputs)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        return With(Initializers, outputs, Metadata);
    }

    /// <summary>The same graph with further metadata, which replaces entries of the same key.</summary>
    public OnnxGraph WithMetadata(IReadOnlyDictionary<string, string> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Dictionary<string, string> metadata = new(Metadata, StringComparer.Ordinal);
        foreach ((string key, string value) in entries) metadata[key] = value;
        return With(Initializers, Outputs, metadata);
    }

    /// <summary>The same graph without the metadata whose key is such.</summary>
    public OnnxGraph WithoutMetadata(Func<string, bool> isDropped)
    {
        ArgumentNullException.ThrowIfNull(isDropped);
        return With(Initializers, Outputs, Metadata.Where(entry => !isDropped(entry.Key)).ToDictionary(StringComparer.Ordinal));
    }

    /// <summary>Writes an ONNX file with all weights inside; it appears under its name only when whole.</summary>
    /// <exception cref="IOException">The file exists and <paramref name="overwrite"/> is false, or the folder cannot be written.</exception>
    /// <exception cref="ResourceLimitException">The file would pass the 2 GB that protobuf allows.</exception>
    public void Save(string path, bool overwrite = false)
    {
        using PendingFile file = new(path, overwrite);
        WriteTo(file.Stream);
        file.Commit();
    }

    /// <summary>Writes a <c>ModelProto</c> with all weights inside.</summary>
    /// <exception cref="ResourceLimitException">It would pass the 2 GB that protobuf allows.</exception>
    public void WriteTo(Stream destination) => OnnxGraphWriter.Write(this, destination);

    /// <summary>SHA-256 of what <see cref="WriteTo"/> writes, as hexadecimal digits.</summary>
    /// <exception cref="ResourceLimitException">That would pass the 2 GB that protobuf allows.</exception>
    public string Digest()
    {
        using SHA256 hash = SHA256.Create();
        using (CryptoStream stream = new(Stream.Null, hash, CryptoStreamMode.Write)) WriteTo(stream);
        return Convert.ToHexStringLower(hash.Hash!);
    }

    private OnnxGraph With(IReadOnlyList<Tensor> initializers, IReadOnlyList<OnnxGraphValue> outputs, IReadOnlyDictionary<string, string> metadata) => new()
    {
        Source = Source,
        Name = Name,
        IrVersion = IrVersion,
        OperatorSets = OperatorSets,
        Nodes = Nodes,
        Inputs = Inputs,
        Outputs = outputs,
        Values = Values,
        Initializers = initializers,
        Metadata = metadata,
    };
}
