using Tersor.Models;

namespace Tersor.Codec.Dcz;

/// <summary>A tensor of a file, from its directory alone.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ElementType">Type of the elements.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
/// <param name="Sharing">How its values are shared; null where it is stored as it is.</param>
/// <param name="Offset">Where its bytes begin in the file.</param>
public sealed record DczTensor(string Name, ElementType ElementType, TensorShape Shape, DczSharing? Sharing, long Offset)
{
    /// <summary>Bytes that it takes in the file, its entry of the directory aside.</summary>
    public long ByteCount => Sharing?.ByteCount ?? ElementType.ByteLength(Shape.ElementCount);

    /// <summary>The tensor, read from the file when asked for.</summary>
    internal Tensor Open(ByteSource source)
    {
        ByteSource stored = source.Slice(Offset, ByteCount);
        return new Tensor(Name, ElementType, Shape, Sharing is null ? stored : ByteSource.Deferred(source.Name, ElementType.ByteLength(Shape.ElementCount), Decode));

        ReadOnlyMemory<byte> Decode(CancellationToken cancellationToken)
        {
            long uncoded = Sharing.UncodedCount(Shape.ElementCount);
            if (uncoded > SharedTensorDecoder.MaxUncodedElements)
                throw new ResourceLimitException($"{source.Name}: tensor '{Name}' has {uncoded:N0} elements that take no bits; at most {SharedTensorDecoder.MaxUncodedElements:N0} are read");
            ReadOnlyMemory<byte> payload = stored.ReadAll(cancellationToken);
            byte[] elements = GC.AllocateUninitializedArray<byte>((int)ElementType.ByteLength(Shape.ElementCount));
            return SharedTensorDecoder.TryDecode(payload.Span, Sharing, elements, out string? problem, cancellationToken)
                ? elements
                : throw new ModelFormatException(source.Name, $"tensor '{Name}'", Offset, $"{problem}; the file is damaged, fetch it again");
        }
    }
}
