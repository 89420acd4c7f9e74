namespace Tersor.Models.Onnx;

/// <summary>Packed little-endian elements as the varints of a typed field. The length is found by one pass over the elements.</summary>
internal sealed class PackedVarintSource : ByteSource
{
    private const int PieceBytes = 1 << 16;

    private readonly ByteSource _elements;
    private readonly ElementType _type;
    private readonly int _entryBytes;

    public PackedVarintSource(ByteSource elements, OnnxEncoding encoding, ElementType type)
    {
        _elements = elements;
        _type = type;
        _entryBytes = OnnxTypedData.EntryBytes(encoding, type);
        long length = 0;
        ForEachPiece((piece, _) =>
        {
            for (int i = 0; i < piece.Length; i += _entryBytes) length += Varint.Width(OnnxTypedData.Expand(_type, piece.Slice(i, _entryBytes)));
        });
        Length = length;
    }

    private delegate void Piece(ReadOnlySpan<byte> elements, byte[] varints);

    public override string Name => _elements.Name;

    public override long Length { get; }

    public override bool ReadsInParts => false;

    public override void Read(long offset, Span<byte> destination) => ReadAll().Span.Slice((int)offset, destination.Length).CopyTo(destination);

    public override ReadOnlyMemory<byte> ReadAll(CancellationToken cancellationToken = default)
    {
        if (Length > Array.MaxLength) throw new ResourceLimitException($"{Name}: {Length:N0} bytes do not fit one array; read it in parts.");
        MemoryStream all = new((int)Length);
        CopyTo(all, cancellationToken);
        return all.GetBuffer().AsMemory(0, (int)all.Length);
    }

    public override void CopyTo(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ForEachPiece((piece, varints) =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            int written = 0;
            for (int i = 0; i < piece.Length; i += _entryBytes)
            {
                ulong entry = OnnxTypedData.Expand(_type, piece.Slice(i, _entryBytes));
                int width = Varint.Width(entry);
                Varint.Write(varints.AsSpan(written), entry, width);
                written += width;
            }

            destination.Write(varints, 0, written);
        });
    }

    private void ForEachPiece(Piece use)
    {
        byte[] varints = new byte[PieceBytes / _entryBytes * Varint.MaxWidth];
        ReadOnlyMemory<byte> all = _elements.ReadsInParts ? default : _elements.ReadAll();
        byte[] buffer = _elements.ReadsInParts ? new byte[PieceBytes] : [];
        for (long offset = 0; offset < _elements.Length; offset += PieceBytes)
        {
            int count = (int)Math.Min(PieceBytes, _elements.Length - offset);
            if (_elements.ReadsInParts)
            {
                _elements.Read(offset, buffer.AsSpan(0, count));
                use(buffer.AsSpan(0, count), varints);
            }
            else
            {
                use(all.Span.Slice((int)offset, count), varints);
            }
        }
    }
}
