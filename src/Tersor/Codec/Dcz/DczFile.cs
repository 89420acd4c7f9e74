using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Models.Zip;

namespace Tersor.Codec.Dcz;

/// <summary>A Deep Compression file (<c>.dcz</c>), open for reading. Opening reads the directory only; several threads may read tensors at once.</summary>
public sealed class DczFile : IDisposable
{
    private readonly ByteSource _source;
    private readonly DczDirectory _directory;
    private readonly long _maxGraphBytes;

    private DczFile(ByteSource source, DczDirectory directory, long maxGraphBytes)
    {
        _source = source;
        _directory = directory;
        _maxGraphBytes = maxGraphBytes;
    }

    /// <summary>The tensors in file order; small ones may be in the graph instead: see <see cref="ToModel"/>.</summary>
    public IReadOnlyList<DczTensor> Tensors => _directory.Tensors;

    /// <summary>Bytes of the graph as stored, deflated; 0 where the file holds tensors only.</summary>
    public long GraphBytes => _directory.GraphBytes;

    /// <summary>Bytes of the whole file.</summary>
    public long ByteCount => _source.Length;

    /// <summary>Opens a file, which stays open until disposal.</summary>
    /// <inheritdoc cref="Open(ByteSource, ModelReadOptions?)"/>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static DczFile Open(string path, ModelReadOptions? options = null) => Open(ByteSource.FromFile(path), options);

    /// <summary>Opens a file by its bytes.</summary>
    /// <param name="source">The whole file, which this object then owns; a failure here disposes it.</param>
    /// <param name="options">Limits of directory and graph; the default ones if null.</param>
    /// <exception cref="ModelFormatException">The directory is damaged, or does not fit the length of the file.</exception>
    /// <exception cref="UnsupportedModelException">A version that is not known.</exception>
    /// <exception cref="ResourceLimitException">The directory is larger than the limit.</exception>
    public static DczFile Open(ByteSource source, ModelReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            long maxBytes = (options ?? ModelReadOptions.Default).MaxHeaderBytes;
            return new DczFile(source, DczDirectory.Read(source, maxBytes), maxBytes);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>The model: an ONNX model where its graph is in the file. Elements are decoded when read; the model needs this object to stay open.</summary>
    /// <exception cref="ModelFormatException">The graph is damaged or does not fit the tensors.</exception>
    /// <exception cref="ResourceLimitException">The graph is larger than the limit.</exception>
    public Model ToModel()
    {
        Tensor[] tensors = [.. Tensors.Select(tensor => tensor.Open(_source))];
        if (GraphBytes == 0) return new Model(DczFormat.FormatName, _source.Name, tensors, _directory.Metadata);
        Dictionary<string, Tensor> byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        return OnnxModel.FromTopology(ReadGraph(), byName.GetValueOrDefault, _source.Name);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _source.Dispose();

    private ReadOnlyMemory<byte> ReadGraph()
    {
        try
        {
            return DeflatedBytes.Inflate(_source.Slice(_directory.GraphOffset, GraphBytes).ReadAll(), _maxGraphBytes)
                ?? throw new ResourceLimitException($"{_source.Name}: the graph takes more than {_maxGraphBytes:N0} bytes; raise ModelReadOptions.MaxHeaderBytes");
        }
        catch (InvalidDataException e)
        {
            throw new ModelFormatException(_source.Name, "graph", _directory.GraphOffset, "it is damaged; fetch the file again", e);
        }
    }
}
