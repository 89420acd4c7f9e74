using Tersor.Models;

namespace Tersor.Codec.Dcz;

/// <summary>
/// Deep Compression whole (Han, Mao, Dally, ICLR 2016): weights of few distinct values as relative indices, a codebook and Huffman codes; everything else of the model as it is, the graph
/// included. What is read back is bit for bit what was written.
/// </summary>
public sealed class DczFormat : ModelFormat
{
    internal const string FormatName = "dcz";

    /// <inheritdoc/>
    public override string Name => FormatName;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".dcz"];

    /// <inheritdoc/>
    public override bool KeepsGraph => true;

    /// <inheritdoc/>
    public override string Description => "Deep Compression: shared weights as relative indices, codebooks and Huffman codes; exact; read and write";

    /// <inheritdoc/>
    public override bool Matches(ReadOnlySpan<byte> start, long fileLength) => start.StartsWith(DczDirectory.Magic);

    /// <inheritdoc/>
    public override Model Open(string path, ModelReadOptions options) => Open(ByteSource.FromFile(path), options);

    /// <summary>Opens a file by its bytes.</summary>
    /// <param name="source">The whole file, which the model then owns; a failure here disposes it.</param>
    /// <param name="options">Limits; the default ones if null.</param>
    /// <exception cref="ModelFormatException">The bytes are malformed.</exception>
    /// <exception cref="UnsupportedModelException">A version that is not known.</exception>
    /// <exception cref="ResourceLimitException">Directory or graph are larger than the limits.</exception>
    public static Model Open(ByteSource source, ModelReadOptions? options = null)
    {
        DczFile file = DczFile.Open(source, options);
        try
        {
            Model model = file.ToModel();
            model.DisposeWith(file);
            return model;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Write(
        Model model, string path, ModelWriteOptions options, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        using PendingFile file = new(path, options.Overwrite);
        DczWriter.Write(model, file.Stream, progress, cancellationToken);
        file.Commit();
    }
}
