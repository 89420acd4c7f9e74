namespace Tersor.Models.PyTorch;

/// <summary>A PyTorch element type such as <c>torch.float32</c>.</summary>
internal sealed class TorchDataType(ElementType elementType) : PickleValue
{
    public ElementType ElementType => elementType;
}

/// <summary>A storage: elements in a row, kept in the archive member <c>data/KEY</c>.</summary>
/// <param name="elementType">Undefined for an untyped storage, whose tensors name their type.</param>
/// <param name="key">Name of the member under <c>data</c>.</param>
/// <param name="count">Number of elements; of bytes where untyped.</param>
internal sealed class TorchStorage(ElementType elementType, string key, long count) : PickleValue
{
    public ElementType ElementType => elementType;

    public string Key => key;

    public long ByteLength { get; } = elementType == ElementType.Undefined ? count : elementType.ByteLength(count);
}

/// <summary>A view of a storage. Offset, sizes and strides count elements; whoever makes one checks that they stay within the storage.</summary>
internal sealed class TorchTensor(TorchStorage storage, ElementType elementType, long offset, TensorShape shape, long[] strides) : PickleValue
{
    public TorchStorage Storage => storage;

    public ElementType ElementType => elementType;

    public long Offset => offset;

    public TensorShape Shape => shape;

    public long[] Strides => strides;
}
