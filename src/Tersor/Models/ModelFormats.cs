namespace Tersor.Models;

/// <summary>The list of model formats: a new format is a folder and a line here.</summary>
public static class ModelFormats
{
    /// <summary>Every format, in the order in which content is probed.</summary>
    public static IReadOnlyList<ModelFormat> All { get; } =
    [
        new Codec.NncFormat(),
        new Codec.Dcz.DczFormat(),
        new Onnx.OnnxFormat(),
        new Safetensors.SafetensorsFormat(),
        new Npz.NpzFormat(),
        new PyTorch.PyTorchFormat(),
        new DeepCompression.DeepCompressionFormat(),
    ];

    /// <summary>The format that a file's ending names, or null.</summary>
    public static ModelFormat? ForPath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        ModelFormat? best = null;
        int length = 0;
        foreach (ModelFormat format in All)
        {
            foreach (string extension in format.Extensions)
            {
                if (extension.Length > length && path.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) (best, length) = (format, extension.Length);
            }
        }

        return best;
    }

    /// <summary>The format of a name such as <c>onnx</c>, or null.</summary>
    public static ModelFormat? ForName(string name) =>
        All.FirstOrDefault(format => string.Equals(format.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The format of an existing file: by content first, by name where the content says nothing.</summary>
    /// <exception cref="ModelFormatException">Neither tells.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelFormat Detect(string path)
    {
        using ByteSource file = ByteSource.FromFile(path);
        Span<byte> start = stackalloc byte[(int)Math.Min(512, file.Length)];
        file.Read(0, start);
        ModelFormat? named = ForPath(path);
        if (named is not null && named.Matches(start, file.Length)) return named;
        foreach (ModelFormat format in All)
        {
            if (format.Matches(start, file.Length)) return format;
        }

        return named ?? throw new ModelFormatException(
            path, null, -1, $"neither name nor content is of a known format ({string.Join(", ", All.Select(format => format.Name))})");
    }

    /// <summary>Opens a model of any known format.</summary>
    /// <exception cref="ModelFormatException">The bytes are malformed or of no known format.</exception>
    public static Model Open(string path, ModelReadOptions? options = null) => Detect(path).Open(path, options ?? ModelReadOptions.Default);
}
