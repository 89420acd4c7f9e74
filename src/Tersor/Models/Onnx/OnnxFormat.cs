namespace Tersor.Models.Onnx;

/// <summary>The Open Neural Network Exchange format: a protobuf <c>ModelProto</c>, with weights inside or in files beside it.</summary>
public sealed class OnnxFormat : ModelFormat
{
    /// <inheritdoc/>
    public override string Name => "onnx";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".onnx"];

    /// <inheritdoc/>
    public override bool KeepsGraph => true;

    /// <inheritdoc/>
    public override string Description => "ONNX models, inline or with external data; all operators, domains and element types";

    /// <inheritdoc/>
    public override bool Matches(ReadOnlySpan<byte> start, long fileLength) => OnnxStart.IsPlausible(start, fileLength);

    /// <inheritdoc/>
    public override Model Open(string path, ModelReadOptions options) => OnnxModel.Open(path, options);

    /// <summary>
    /// Writes the file and its external data. A model of another format becomes a graph of initializers alone.
    /// </summary>
    /// <exception cref="ModelFormatException">External data would lie outside the model's folder, or the model was malformed where it is now read.</exception>
    /// <exception cref="ResourceLimitException">The weights are to be inside, and the model would be larger than protobuf readers accept.</exception>
    /// <exception cref="UnsupportedModelException">A tensor's element type has no fixed width; all are listed.</exception>
    /// <inheritdoc/>
    public override void Write(
        Model model, string path, ModelWriteOptions options, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        if (model is OnnxModel onnx)
        {
            OnnxFileWriter.Write(onnx, path, options, progress, cancellationToken);
            return;
        }

        string[] unsupported =
        [
            .. model.Tensors.Where(tensor => tensor.ElementType.BitWidth() == 0)
                .Select(tensor => $"tensor '{tensor.Name}' holds {tensor.ElementType.Name()}; leave it out"),
        ];
        if (unsupported.Length > 0) throw new UnsupportedModelException(model.Source, unsupported);
        Topology topology = OnnxTopology.FromTensors(model.Tensors.Select(tensor => (tensor.Name, tensor.ElementType, tensor.Shape)), model.Metadata);
        using OnnxModel bare = OnnxModel.FromTopology(topology.Bytes, model.Find, model.Source);
        OnnxFileWriter.Write(bare, path, options, progress, cancellationToken);
    }
}
