using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Codec;

/// <summary>Compressed models as a model format, for reading. Writing needs a plan: <see cref="ModelCompressor"/>.</summary>
public sealed class NncFormat : ModelFormat
{
    internal const string FormatName = "nnc";

    /// <inheritdoc/>
    public override string Name => FormatName;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".nnc"];

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override string Description => "compressed models, ISO/IEC 15938-17 editions 1 and 2; written by compress";

    /// <inheritdoc/>
    public override bool Matches(ReadOnlySpan<byte> start, long fileLength) => NncReader.Matches(start);

    /// <inheritdoc/>
    public override Model Open(string path, ModelReadOptions options)
    {
        CompressedModel compressed = CompressedModel.Open(path);
        try
        {
            Model model = compressed.ToModel();
            model.DisposeWith(compressed);
            return model;
        }
        catch
        {
            compressed.Dispose();
            throw;
        }
    }
}
