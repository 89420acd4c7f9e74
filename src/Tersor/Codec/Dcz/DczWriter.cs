using System.Text;
using Tersor.Models;
using Tersor.Models.Zip;

namespace Tersor.Codec.Dcz;

/// <summary>
/// Writes a model as Deep Compression: tensors of few distinct values with shared ones, other tensors as they are, and the graph. No tensor takes more bytes than its elements do. The same model
/// gives the same bytes.
/// </summary>
public static class DczWriter
{
    // Elements of smaller tensors stay in the graph, where they are deflated and need no entry of the directory.
    private const long MaxGraphTensorBytes = 4096;

    /// <summary>Writes a model.</summary>
    /// <param name="model">The model; each tensor is read once, or twice where it is not shared.</param>
    /// <param name="destination">Receives the file; need not be seekable.</param>
    /// <param name="progress">Receives one step per tensor.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="UnsupportedModelException">Tensors hold text, or names cannot be written as UTF-8; all are listed.</exception>
    /// <exception cref="ModelFormatException">The source turns out damaged while it is read.</exception>
    public static void Write(Model model, Stream destination, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(destination);
        CheckSupport(model);
        List<StoredTensor> stored = [];
        long total = model.Tensors.Sum(tensor => tensor.ByteLength);
        long done = 0;
        foreach (Tensor tensor in model.Tensors)
        {
            progress?.Report(new ModelProgress("share", tensor.Name, done, total));
            done += tensor.ByteLength;
            if (model.HasGraph && !model.CanDetach(tensor)) continue;
            StoredTensor coded = Code(tensor, cancellationToken);
            if (coded.Sharing is null && tensor.ByteLength <= MaxGraphTensorBytes && model.HasGraph && model.CanStayInTopology(tensor)) continue;
            stored.Add(coded);
        }

        ReadOnlyMemory<byte> graph = MakeGraph(model, stored);
        DczDirectory directory = new()
        {
            Metadata = graph.IsEmpty ? model.Metadata : new Dictionary<string, string>(StringComparer.Ordinal),
            GraphBytes = graph.Length,
            Tensors = [.. stored.Select(tensor => new DczTensor(tensor.Tensor.Name, tensor.Tensor.ElementType, tensor.Tensor.Shape, tensor.Sharing, Offset: 0))],
        };
        destination.Write(directory.ToBytes());
        destination.Write(graph.Span);
        foreach (StoredTensor tensor in stored)
        {
            if (tensor.Payload is null) tensor.Tensor.Data.CopyTo(destination, cancellationToken);
            else destination.Write(tensor.Payload);
        }
    }

    private static StoredTensor Code(Tensor tensor, CancellationToken cancellationToken) =>
        SharedTensorEncoder.TryEncode(tensor, cancellationToken) is var (sharing, payload) && payload.Length < tensor.ByteLength
            ? new StoredTensor(tensor, sharing, payload)
            : new StoredTensor(tensor, null, null);

    private static ReadOnlyMemory<byte> MakeGraph(Model model, List<StoredTensor> stored)
    {
        if (!model.HasGraph) return default;
        HashSet<string> names = new(stored.Select(tensor => tensor.Tensor.Name), StringComparer.Ordinal);
        return model.MakeTopology(tensor => names.Contains(tensor.Name)) is { Format: TopologyFormat.Onnx } topology ? DeflatedBytes.Deflate(topology.Bytes.Span) : default;
    }

    private static void CheckSupport(Model model)
    {
        List<string> problems = [];
        foreach (Tensor tensor in model.Tensors)
        {
            if (!tensor.ElementType.IsNumeric()) problems.Add($"tensor '{tensor.Name}' holds {tensor.ElementType.Name()}, which has no fixed width; leave it out");
            if (!HasUtf8(tensor.Name)) problems.Add($"the name of tensor '{tensor.Name}' holds half a surrogate pair; rename it");
        }

        foreach ((string key, string value) in model.Metadata)
        {
            if (!HasUtf8(key) || !HasUtf8(value)) problems.Add($"metadata '{key}' holds half a surrogate pair; leave it out");
        }

        if (problems.Count > 0) throw new UnsupportedModelException(model.Source, problems);
    }

    private static bool HasUtf8(string text)
    {
        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int count) != System.Buffers.OperationStatus.Done) return false;
            rest = rest[count..];
        }

        return true;
    }

    private sealed record StoredTensor(Tensor Tensor, DczSharing? Sharing, byte[]? Payload);
}
