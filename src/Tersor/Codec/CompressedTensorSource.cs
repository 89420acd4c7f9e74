using Tersor.Models;

namespace Tersor.Codec;

/// <summary>The elements of a compressed tensor, decoded anew whenever they are asked for.</summary>
/// <param name="name">The stream, for messages.</param>
/// <param name="tensor">What is decoded.</param>
/// <param name="ahead">Gives the elements where others decode them ahead; null where nobody does.</param>
internal sealed class CompressedTensorSource(string name, CompressedTensor tensor, Func<CancellationToken, ReadOnlyMemory<byte>>? ahead) : ByteSource
{
    public override string Name => name;

    public override long Length => tensor.ByteLength;

    public override bool ReadsInParts => false;

    public override void Read(long offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        ReadOnlyMemory<byte> bytes = ReadAll();
        bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
        tensor.Release(bytes);
    }

    // What is given out is its caller's: it is never released.
    public override ReadOnlyMemory<byte> ReadAll(CancellationToken cancellationToken = default) => ahead is null ? tensor.ReadBytes(cancellationToken) : ahead(cancellationToken);

    public override void CopyTo(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        cancellationToken.ThrowIfCancellationRequested();
        if (ahead is null)
        {
            tensor.CopyTo(destination, cancellationToken);
            return;
        }

        ReadOnlyMemory<byte> bytes = ahead(cancellationToken);
        WriteInParts(bytes, destination, cancellationToken);
        tensor.Release(bytes);
    }
}
