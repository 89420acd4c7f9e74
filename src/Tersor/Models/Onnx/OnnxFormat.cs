namespace Tersor.Models.Onnx;

/// <summary>The Open Neural Network Exchange format: a protobuf <c>ModelProto</c>, with weights inside or in files beside it.</summary>
public sealed class OnnxFormat : ModelFormat
{
    /// <inheritdoc/>
    public override string Name => "onnx";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".onnx"];

    /// <inheritdoc/>
    public override string Description => "ONNX models, inline or with external data; all operators, domains and element types";

    /// <inheritdoc/>
    public override bool Matches(ReadOnlySpan<byte> start, long fileLength) => OnnxStart.IsPlausible(start, fileLength);

    /// <inheritdoc/>
    public override Model Open(string path, ModelReadOptions options) => OnnxModel.Open(path, options);
}
