namespace Tersor.Models.Npz;

/// <summary>
/// NumPy arrays: an archive of them (<c>.npz</c>), or one (<c>.npy</c>, whose tensor is named as the file). Metadata has no place in either and is
/// not written.
/// </summary>
public sealed class NpzFormat : ModelFormat
{
    internal const string FormatName = "npz";
    internal const string ArrayExtension = ".npy";

    /// <inheritdoc/>
    public override string Name => FormatName;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".npz", ArrayExtension];

    /// <inheritdoc/>
    public override bool KeepsMetadata => false;

    /// <inheritdoc/>
    public override string Description => "NumPy arrays, an archive (npz) or a single one (npy); read and write";

    /// <inheritdoc/>
    public override bool Matches(ReadOnlySpan<byte> start, long fileLength) =>
        NpyHeader.Matches(start) || Zip.ZipDirectory.FirstNameEndsWith(start, ".npy"u8);

    /// <inheritdoc/>
    public override Model Open(string path, ModelReadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return NpzReader.Open(ByteSource.FromFile(path), options);
    }

    /// <summary>Writes an archive, or a single array where the path ends in <c>.npy</c>.</summary>
    /// <exception cref="UnsupportedModelException">
    /// The model holds element types that NumPy lacks (all are listed), or a single array is asked for and the model has not exactly one tensor.
    /// </exception>
    /// <inheritdoc/>
    public override void Write(
        Model model, string path, ModelWriteOptions options, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        using PendingFile file = new(path, options.Overwrite);
        if (path.EndsWith(ArrayExtension, StringComparison.OrdinalIgnoreCase)) NpzWriter.WriteArray(model, file.Stream, progress, cancellationToken);
        else NpzWriter.Write(model, file.Stream, progress, cancellationToken);
        file.Commit();
    }
}
