namespace Tersor.Models.PyTorch;

/// <summary>PyTorch checkpoints (zip, since PyTorch 1.6), read only. Code in the file is never run.</summary>
public sealed class PyTorchFormat : ModelFormat
{
    internal const string FormatName = "pytorch";

    /// <inheritdoc/>
    public override string Name => FormatName;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".pt", ".pth", ".bin", ".ckpt", ".th"];

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override string Description => "PyTorch state dictionaries, zip checkpoints since 1.6, without running their code; read only";

    /// <inheritdoc/>
    public override bool Matches(ReadOnlySpan<byte> start, long fileLength) => PyTorchReader.Matches(start);

    /// <inheritdoc/>
    public override Model Open(string path, ModelReadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PyTorchReader.Open(ByteSource.FromFile(path), options);
    }
}
