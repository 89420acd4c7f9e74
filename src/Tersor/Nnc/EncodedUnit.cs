using Tersor.Models;

namespace Tersor.Nnc;

/// <summary>A unit ready to be written: made by any thread, written in order.</summary>
internal sealed class EncodedUnit(IReadOnlyList<string> names, ReadOnlyMemory<byte> header, ByteSource payload)
{
    /// <summary>Names of the tensors in the unit.</summary>
    public IReadOnlyList<string> Names { get; } = names;

    /// <summary>Size field and header.</summary>
    public ReadOnlyMemory<byte> Header { get; } = header;

    /// <summary>What follows the header up to the end of the unit.</summary>
    public ByteSource Payload { get; } = payload;

    /// <summary>Bytes of the whole unit.</summary>
    public long ByteCount => Header.Length + Payload.Length;

    /// <summary>Writes the unit.</summary>
    public void WriteTo(Stream destination, CancellationToken cancellationToken = default)
    {
        destination.Write(Header.Span);
        if (Payload.TryGetMemory(out ReadOnlyMemory<byte> memory)) ByteSource.WriteInParts(memory, destination, cancellationToken);
        else Payload.CopyTo(destination, cancellationToken);
    }
}
