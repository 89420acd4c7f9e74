using Tersor.Models.Zip;

namespace Tersor.Models.PyTorch;

/// <summary>The members of a checkpoint that hold elements, and tensors as views of them. Tensors may share a storage (tied weights).</summary>
internal sealed class TorchStorages
{
    private readonly ZipDirectory _archive;
    private readonly ByteSource _source;
    private readonly string _prefix;
    private readonly ModelReadOptions _options;
    private readonly bool _isBigEndian;
    private readonly Dictionary<string, ByteSource> _opened = new(StringComparer.Ordinal);

    /// <summary>Reads the byte order.</summary>
    /// <exception cref="ModelFormatException">It is neither little nor big.</exception>
    public TorchStorages(ZipDirectory archive, ByteSource source, string prefix, ModelReadOptions options)
    {
        _archive = archive;
        _source = source;
        _prefix = prefix;
        _options = options;
        _isBigEndian = ReadByteOrder();
    }

    /// <summary>Joins names, shapes and elements.</summary>
    /// <exception cref="ModelFormatException">A storage is missing or has another length than declared.</exception>
    /// <exception cref="UnsupportedModelException">Views that repeat elements; all are listed.</exception>
    public List<Tensor> Place(IReadOnlyList<(string Name, TorchTensor Tensor)> found)
    {
        List<Tensor> tensors = new(found.Count);
        List<string> unsupported = [];
        foreach ((string name, TorchTensor view) in found)
        {
            int width = view.ElementType.BitWidth() / 8;
            ByteSource storage = Open(name, view.Storage);

            // A view with more elements than its storage has them repeated: expanded, or made to exhaust memory.
            if (view.Shape.ElementCount > storage.Length / width)
            {
                unsupported.Add($"tensor '{name}' repeats the elements of its storage; save it contiguous, after tensor.clone()");
                continue;
            }

            ByteSource elements = _isBigEndian ? ReversedByteOrder.Of(storage, view.ElementType) : storage;
            elements = StridedElements.RowMajor(_source.Name, elements, view.Offset, view.Shape, view.Strides, width);
            tensors.Add(new Tensor(name, view.ElementType, view.Shape, elements));
        }

        return unsupported.Count == 0 ? tensors : throw new UnsupportedModelException(_source.Name, unsupported);
    }

    private ByteSource Open(string name, TorchStorage storage)
    {
        if (!_opened.TryGetValue(storage.Key, out ByteSource? content))
        {
            ZipEntry entry = _archive.Find($"{_prefix}/data/{storage.Key}")
                ?? throw Malformed(name, $"its storage, member '{_prefix}/data/{storage.Key}', is not in the archive");
            content = _archive.Open(entry);
            _opened.Add(storage.Key, content);
        }

        if (content.Length < storage.ByteLength || (content.Length > storage.ByteLength && !_options.Lenient))
        {
            throw Malformed(
                name, $"its storage, member '{_prefix}/data/{storage.Key}', has {content.Length} bytes where {storage.ByteLength} are declared");
        }

        if (content.Length == storage.ByteLength) return content;
        _options.Warn?.Invoke($"{_source.Name}: tensor '{name}': passed over {content.Length - storage.ByteLength} bytes behind its storage");
        return content.Slice(0, storage.ByteLength);
    }

    private bool ReadByteOrder()
    {
        // Releases before 2.1 did not write the member; they ran on little-endian machines.
        ZipEntry? entry = _archive.Find(_prefix + "/byteorder");
        if (entry is null) return false;
        byte[] order = new byte[Math.Min(entry.Length, 8)];
        _archive.Open(entry).Read(0, order);
        if (entry.Length == 6 && order.AsSpan().SequenceEqual("little"u8)) return false;
        if (entry.Length == 3 && order.AsSpan().SequenceEqual("big"u8)) return true;
        throw new ModelFormatException(_source.Name, $"member '{entry.Name}'", 0, "is neither 'little' nor 'big'");
    }

    private ModelFormatException Malformed(string name, string problem) => new(_source.Name, $"tensor '{name}'", -1, problem);
}
