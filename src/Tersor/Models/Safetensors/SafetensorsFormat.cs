namespace Tersor.Models.Safetensors;

/// <summary>
/// safetensors, one file or shards under an index (<c>model.safetensors.index.json</c>). Written files are deterministic, and a file that the
/// reference implementation wrote comes back byte for byte (its metadata keys sorted).
/// </summary>
public sealed class SafetensorsFormat : ModelFormat
{
    internal const string FormatName = "safetensors";

    /// <inheritdoc/>
    public override string Name => FormatName;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".safetensors", SafetensorsIndex.Extension];

    /// <inheritdoc/>
    public override string Description => "tensors with a JSON header, one file or shards with an index; read and write";

    /// <inheritdoc/>
    public override bool Matches(ReadOnlySpan<byte> start, long fileLength) =>
        SafetensorsReader.Matches(start, fileLength) || SafetensorsIndex.Matches(start);

    /// <summary>Opens a file or, where the content is a shard index, the index and all shards beside it.</summary>
    /// <inheritdoc/>
    public override Model Open(string path, ModelReadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ByteSource source = ByteSource.FromFile(path);
        try
        {
            if (IsIndex(source, path))
            {
                using (source) return SafetensorsIndex.Open(source, path, options);
            }
        }
        catch
        {
            source.Dispose();
            throw;
        }

        return SafetensorsReader.Open(source, options);
    }

    /// <summary>
    /// Writes one file, or shards and an index where <see cref="ModelWriteOptions.MaxShardBytes"/> is less than the whole or the path is that
    /// of an index. Shards are named after the path, which itself is then not written.
    /// </summary>
    /// <exception cref="UnsupportedModelException">The model holds element types that safetensors cannot say; all are listed.</exception>
    /// <exception cref="ArgumentException">A single tensor is larger than a shard may be, or there would be more than 1,000 shards.</exception>
    /// <inheritdoc/>
    public override void Write(
        Model model, string path, ModelWriteOptions options, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        IReadOnlyList<Tensor> tensors = SafetensorsWriter.Arrange(model);
        bool isIndex = path.EndsWith(SafetensorsIndex.Extension, StringComparison.OrdinalIgnoreCase);
        if (isIndex || options.MaxShardBytes > 0)
        {
            IReadOnlyList<IReadOnlyList<Tensor>> shards = SafetensorsShards.Divide(tensors, model.Metadata, options.MaxShardBytes);
            if (isIndex || shards.Count > 1)
            {
                SafetensorsShards.Write(shards, model.Metadata, path, options.Overwrite, progress, cancellationToken);
                return;
            }
        }

        using PendingFile file = new(path, options.Overwrite);
        long total = tensors.Sum(tensor => tensor.ByteLength);
        SafetensorsWriter.WriteFile(tensors, model.Metadata, file.Stream, 0, total, progress, cancellationToken);
        file.Commit();
    }

    private static bool IsIndex(ByteSource source, string path)
    {
        Span<byte> start = stackalloc byte[(int)Math.Min(512, source.Length)];
        source.Read(0, start);
        return !SafetensorsReader.Matches(start, source.Length)
            && (SafetensorsIndex.Matches(start) || path.EndsWith(SafetensorsIndex.Extension, StringComparison.OrdinalIgnoreCase));
    }
}
