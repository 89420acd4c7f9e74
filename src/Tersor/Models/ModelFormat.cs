namespace Tersor.Models;

/// <summary>
/// A file format of models. One class and one folder per format; a format knows nothing of another. <see cref="ModelFormats"/> lists them.
/// </summary>
public abstract class ModelFormat
{
    /// <summary>The name used on the command line and in reports, such as <c>safetensors</c>.</summary>
    public abstract string Name { get; }

    /// <summary>File name endings with the dot, lower case, the preferred first.</summary>
    public abstract IReadOnlyList<string> Extensions { get; }

    /// <summary>Whether <see cref="Write(Model, string, ModelWriteOptions, IProgress{ModelProgress}?, CancellationToken)"/> works.</summary>
    public virtual bool CanWrite => true;

    /// <summary>Whether what is written keeps <see cref="Model.Metadata"/>.</summary>
    public virtual bool KeepsMetadata => true;

    /// <summary>Whether what is written keeps the graph of a model that has one, not only its tensors.</summary>
    public virtual bool KeepsGraph => false;

    /// <summary>One line for <c>tersor list</c>.</summary>
    public abstract string Description { get; }

    /// <summary>Whether a file that starts with these bytes (up to 512) and has this length is of the format.</summary>
    public abstract bool Matches(ReadOnlySpan<byte> start, long fileLength);

    /// <summary>Reads names, types, shapes and places; leaves the weights in the file.</summary>
    /// <exception cref="ModelFormatException">The bytes are malformed.</exception>
    /// <exception cref="UnsupportedModelException">Valid, but asks for what is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public abstract Model Open(string path, ModelReadOptions options);

    /// <summary>Writes a model. The output appears under its name only when whole.</summary>
    /// <exception cref="NotSupportedException">The format is read only.</exception>
    /// <exception cref="UnsupportedModelException">The model holds what the format cannot say.</exception>
    public virtual void Write(
        Model model, string path, ModelWriteOptions options, IProgress<ModelProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException($"{Name} is read only.");
}

/// <summary>How to read a model.</summary>
public sealed record ModelReadOptions
{
    /// <summary>Strict reading with the default limits.</summary>
    public static ModelReadOptions Default { get; } = new();

    /// <summary>Tolerate what other readers tolerate (trailing bytes, holes); each tolerated thing is reported through <see cref="Warn"/>.</summary>
    public bool Lenient { get; init; }

    /// <summary>Receives one line for each thing that was tolerated or ignored.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Largest header or graph, in bytes, that is read into memory.</summary>
    public long MaxHeaderBytes { get; init; } = 1L << 30;
}

/// <summary>Where weights of an ONNX model go.</summary>
public enum ExternalDataLayout
{
    /// <summary>As the source had it; inline where it did not say, beside the model where it would pass 2 GB.</summary>
    Preserve,

    /// <summary>Inside the model file; refused over 2 GB.</summary>
    Inline,

    /// <summary>One data file beside the model.</summary>
    OneFile,

    /// <summary>One data file per tensor.</summary>
    PerTensor,
}

/// <summary>How to write a model.</summary>
public sealed record ModelWriteOptions
{
    /// <summary>The defaults: weights where they were, existing files left alone.</summary>
    public static ModelWriteOptions Default { get; } = new();

    /// <summary>Replace existing files.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Where an ONNX model's weights go.</summary>
    public ExternalDataLayout ExternalData { get; init; } = ExternalDataLayout.Preserve;

    /// <summary>Split into files of at most this many bytes where the format knows shards (safetensors); 0 for one file.</summary>
    public long MaxShardBytes { get; init; }
}

/// <summary>A step of long work.</summary>
/// <param name="Phase">What is being done, such as <c>quantize</c>.</param>
/// <param name="Item">The tensor or file at hand.</param>
/// <param name="Done">Bytes done.</param>
/// <param name="Total">Bytes in all.</param>
public readonly record struct ModelProgress(string Phase, string Item, long Done, long Total);
