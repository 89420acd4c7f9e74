using System.Buffers.Binary;

namespace Tersor.Models.Safetensors;

/// <summary>
/// Writes safetensors. Tensors keep the model's order, so that what was read comes back; only where that would leave one unaligned to its
/// element's width are wider elements put first (as the reference implementation does), otherwise in the model's order.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>Writes a model as one file; tensors are copied in pieces, none is held in memory whole.</summary>
    /// <exception cref="UnsupportedModelException">The model holds element types that safetensors cannot say; all are listed.</exception>
    /// <exception cref="ResourceLimitException">The header would pass the 100 MB that readers accept.</exception>
    public static void Write(
        Model model, Stream destination, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(destination);
        IReadOnlyList<Tensor> tensors = Arrange(model);
        WriteFile(tensors, model.Metadata, destination, 0, tensors.Sum(tensor => tensor.ByteLength), progress, cancellationToken);
    }

    /// <summary>The tensors in the order in which they are written.</summary>
    /// <exception cref="UnsupportedModelException">Tensors that the format cannot hold; all are listed.</exception>
    internal static IReadOnlyList<Tensor> Arrange(Model model)
    {
        List<string> unsupported = [];
        foreach (Tensor tensor in model.Tensors)
        {
            string? obstacle =
                SafetensorsElementType.NameOf(tensor.ElementType) is null
                    ? $"safetensors has no type for {tensor.ElementType.Name()}; write ONNX, or leave the tensor out"
                : tensor.ElementCount * tensor.ElementType.BitWidth() % 8 != 0
                    ? $"{tensor.ElementCount} elements of {tensor.ElementType.Name()} do not fill whole bytes, as safetensors asks for; write ONNX"
                : tensor.Name == SafetensorsHeader.MetadataKey ? "the name means something else in safetensors; rename it"
                : null;
            if (obstacle is not null) unsupported.Add($"tensor '{tensor.Name}': {obstacle}");
        }

        if (unsupported.Count > 0) throw new UnsupportedModelException(model.Source, unsupported);
        return IsAligned(model.Tensors)
            ? model.Tensors
            : [.. model.Tensors.OrderByDescending(tensor => tensor.ElementType.BitWidth())];
    }

    /// <summary>Writes prefix, header and data of one file.</summary>
    internal static void WriteFile(
        IReadOnlyList<Tensor> tensors,
        IReadOnlyDictionary<string, string> metadata,
        Stream destination,
        long done,
        long total,
        IProgress<ModelProgress>? progress,
        CancellationToken cancellationToken)
    {
        SafetensorsHeaderWriter header = new(metadata);
        foreach (Tensor tensor in tensors) header.Add(tensor);
        ReadOnlyMemory<byte> json = header.Finish();
        if (json.Length > SafetensorsHeader.MaxLength)
        {
            throw new ResourceLimitException(
                $"The safetensors header would have {json.Length:N0} bytes, readers accept {SafetensorsHeader.MaxLength:N0}; write shards.");
        }

        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixLength];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, json.Length);
        destination.Write(prefix);
        destination.Write(json.Span);
        foreach (Tensor tensor in tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new ModelProgress("write", tensor.Name, done, total));
            tensor.Data.CopyTo(destination, cancellationToken);
            done += tensor.ByteLength;
        }
    }

    private static bool IsAligned(IReadOnlyList<Tensor> tensors)
    {
        long offset = 0;
        foreach (Tensor tensor in tensors)
        {
            int width = Math.Max(1, tensor.ElementType.BitWidth() / 8);
            if (offset % width != 0) return false;
            offset += tensor.ByteLength;
        }

        return true;
    }
}
