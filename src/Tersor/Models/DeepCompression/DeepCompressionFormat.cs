namespace Tersor.Models.DeepCompression;

/// <summary>
/// The Deep Compression files that Han et al. released (<c>.net</c>), read only: SqueezeNet v1.0 and AlexNet. The file has no magic; it is known by
/// its entry counts, which must fill the file exactly. Each layer gives <c>NAME.weight</c>, made dense when read, and <c>NAME.bias</c>.
/// </summary>
public sealed class DeepCompressionFormat : ModelFormat
{
    internal const string FormatName = "deep-compression";

    /// <inheritdoc/>
    public override string Name => FormatName;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".net"];

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override string Description => "the released Deep Compression files of SqueezeNet v1.0 and AlexNet; read only";

    /// <inheritdoc/>
    public override bool Matches(ReadOnlySpan<byte> start, long fileLength)
    {
        foreach (DeepCompressionNetwork network in DeepCompressionNetwork.Known)
        {
            if (DeepCompressionFile.Fits(start, fileLength, network)) return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public override Model Open(string path, ModelReadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Open(ByteSource.FromFile(path));
    }

    /// <summary>Opens a file by its bytes.</summary>
    /// <param name="source">The whole file.</param>
    /// <param name="network">What to expect; if null, whichever known network fits.</param>
    /// <param name="leaveOpen">Whether the source outlives the model; otherwise the model, or a failure here, disposes it.</param>
    /// <exception cref="ModelFormatException">The bytes do not fit the network.</exception>
    public static Model Open(ByteSource source, DeepCompressionNetwork? network = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            DeepCompressionFile file = DeepCompressionFile.Open(source, network);
            List<Tensor> tensors = [];
            for (int i = 0; i < file.Network.Layers.Count; i++)
            {
                int index = i;
                DeepCompressionLayerShape layer = file.Network.Layers[i];
                ByteSource weights = ByteSource.Deferred(
                    source.Name, layer.Shape.ElementCount * sizeof(float), _ => file.ReadLayer(index).WeightBytes());
                tensors.Add(new Tensor(layer.Name + ".weight", ElementType.Float32, layer.Shape, weights));
                tensors.Add(new Tensor(layer.Name + ".bias", ElementType.Float32, new TensorShape(layer.OutputCount), file.BiasBytes(i)));
            }

            Dictionary<string, string> metadata = new(StringComparer.Ordinal) { ["network"] = file.Network.Name };
            return new Model(FormatName, source.Name, tensors, metadata, leaveOpen ? null : [source]);
        }
        catch
        {
            if (!leaveOpen) source.Dispose();
            throw;
        }
    }
}
