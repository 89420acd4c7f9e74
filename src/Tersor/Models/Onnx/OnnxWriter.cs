using System.Buffers;

namespace Tersor.Models.Onnx;

/// <summary>
/// Writes an ONNX model whole, with all weights inside, to a stream or a buffer: what a runtime takes as bytes. Files, with or without external data,
/// are written by <see cref="OnnxFormat"/>.
/// </summary>
public static class OnnxWriter
{
    /// <summary>The largest message that protobuf readers accept: 2 GiB less one byte.</summary>
    public const long MaxMessageBytes = int.MaxValue;

    /// <summary>Bytes of the model with all weights inside, computed without writing it.</summary>
    public static long MeasureInline(OnnxModel model) => Inline(model).Length;

    /// <summary>Writes the model with all weights inside; they are streamed.</summary>
    /// <exception cref="ResourceLimitException">The model is larger than <see cref="MaxMessageBytes"/>.</exception>
    public static void Write(
        OnnxModel model, Stream destination, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        WireSplice splice = InlineWithinLimit(model);
        splice.WriteTo(destination, (item, done) => progress?.Report(new ModelProgress("write", item ?? model.Source, done, splice.Length)), cancellationToken);
    }

    /// <summary>Writes the model with all weights inside.</summary>
    /// <exception cref="ResourceLimitException">The model is larger than <see cref="MaxMessageBytes"/>.</exception>
    public static void Write(OnnxModel model, IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using BufferWriterStream stream = new(destination);
        InlineWithinLimit(model).WriteTo(stream, null, cancellationToken);
    }

    /// <summary>The model with all weights inside, as one array of the exact length.</summary>
    /// <exception cref="ResourceLimitException">The model is larger than an array.</exception>
    public static byte[] ToArray(OnnxModel model, CancellationToken cancellationToken = default)
    {
        WireSplice splice = InlineWithinLimit(model);
        if (splice.Length > Array.MaxLength)
            throw new ResourceLimitException($"{model.Source}: {splice.Length:N0} bytes do not fit one array; write a file with external data.");
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)splice.Length);
        using MemoryStream stream = new(bytes);
        splice.WriteTo(stream, null, cancellationToken);
        return bytes;
    }

    private static WireSplice InlineWithinLimit(OnnxModel model)
    {
        WireSplice splice = Inline(model);
        if (splice.Length <= MaxMessageBytes) return splice;
        throw new ResourceLimitException(
            $"{model.Source}: the model takes {splice.Length:N0} bytes, protobuf readers accept {MaxMessageBytes:N0}; write a file with external data.");
    }

    private static WireSplice Inline(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        WireSplice splice = model.NewSplice();
        foreach (Tensor tensor in model.Tensors) OnnxTensorEdits.Inline(splice, model.RecordOf(tensor), tensor.Data);
        return splice;
    }
}
