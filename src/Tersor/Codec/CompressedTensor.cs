using System.Runtime.InteropServices;
using Tersor.Models;
using Tersor.Nnc;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;

namespace Tersor.Codec;

/// <summary>A tensor of a compressed model: what it will be once decoded, and the units that it comes from.</summary>
public sealed class CompressedTensor
{
    // Their bytes can be counted, whatever the type.
    private const long MaxElementCount = long.MaxValue / 256;

    private readonly NncReader _reader;
    private readonly DecodeBuffers _buffers;
    private readonly NncComposedTensor? _composed;
    private readonly SingleDecoder? _decoder;
    private readonly Action<Stream, CancellationToken>? _copier;

    private CompressedTensor(
        NncReader reader,
        DecodeBuffers buffers,
        string name,
        ElementType type,
        TensorShape shape,
        IReadOnlyList<NncTensorInfo> parts,
        NncComposedTensor? composed,
        SingleDecoder? decoder = null,
        Action<Stream, CancellationToken>? copier = null)
    {
        _reader = reader;
        _buffers = buffers;
        _composed = composed;
        _decoder = decoder;
        _copier = copier;
        Name = name;
        ElementType = type;
        Shape = shape;
        Parts = parts;
    }

    // Makes values of what stands in the stream, where that is more than the units' own rules say.
    private delegate void SingleDecoder(Span<float> values, CancellationToken cancellationToken);

    /// <summary>The name in the model.</summary>
    public string Name { get; }

    /// <summary>Element type after decoding.</summary>
    public ElementType ElementType { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public TensorShape Shape { get; }

    /// <summary>The tensors of the stream that it is made from: one, or factors, scaling, index and table.</summary>
    public IReadOnlyList<NncTensorInfo> Parts { get; }

    /// <summary>Bytes after decoding.</summary>
    public long ByteLength => ElementType.ByteLength(Shape.ElementCount);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {ElementType.Name()} {Shape}";

    internal static IReadOnlyList<CompressedTensor> List(NncReader reader, bool asCoded, DecodeBuffers buffers)
    {
        IEnumerable<(NncTensorInfo Info, NncComposedTensor? Composed)> parts = asCoded
            ? reader.Tensors.Select(info => (info, (NncComposedTensor?)null))
            : reader.ComposedTensors.Select(composed => (composed.Parts[0], (NncComposedTensor?)composed));
        List<CompressedTensor> result = [];
        SharedTables? tables = SharedTables.Find(reader);
        int indexed = 0;
        foreach ((NncTensorInfo info, NncComposedTensor? composed) in parts)
        {
            string name = composed?.Name ?? info.Name;
            TensorShape shape = composed?.Shape ?? info.Shape;
            if (shape.ElementCount > MaxElementCount)
                throw new ModelFormatException(reader.Source, $"tensor '{name}'", info.UnitOffset, $"it declares {shape.ElementCount} elements; the file is damaged, fetch it again");
            if (tables is not null && name == StreamNames.Tables) continue;
            if (StreamNames.TryParsePlanes(name, out string? planesOf) && reader.Find(StreamNames.OfPredicted(planesOf, Predictor.Regression)) is not null) continue;
            if (tables is not null && info.PayloadType == NncPayloadType.Integer && StreamNames.TryParseIndex(name, out string? shared, out bool isSwapped))
            {
                if (isSwapped) shape = Swapped(reader, info);
                IndexedTensor own = new(reader, shared, info, isSwapped, tables, indexed++);
                result.Add(new CompressedTensor(reader, buffers, shared, ElementType.Float32, shape, [info, tables.Info], null, own.Decode, own.CopyTo));
            }
            else if (info.PayloadType == NncPayloadType.Integer && StreamNames.TryParseGrid(name, out string? gridded, out double tolerance, out float top))
            {
                result.Add(new CompressedTensor(
                    reader, buffers, gridded, ElementType.Float32, shape, [info], null,
                    (values, cancellationToken) => DecodeGridded(reader, info, new LogarithmicGrid(tolerance, top), values, cancellationToken),
                    (destination, cancellationToken) => CopyGridded(reader, info, new LogarithmicGrid(tolerance, top), destination, cancellationToken)));
            }
            else if (info.PayloadType == NncPayloadType.Float && StreamNames.TryParsePredicted(name, out string? predicted, out Predictor predictor))
            {
                NncTensorInfo? planes = predictor == Predictor.Regression ? reader.Find(predicted + StreamNames.Planes) : null;
                PredictedTensor own = new(reader, predicted, predictor, info, planes);
                result.Add(new CompressedTensor(reader, buffers, predicted, ElementType.Float32, shape, own.Parts, null, own.Decode, own.CopyTo));
            }
            else if (info.PayloadType == NncPayloadType.RawFloat && StreamNames.TryParseBits(name, out string? own, out ElementType type, out TensorShape ownShape)
                && (type.ByteLength(ownShape.ElementCount) + 3) / 4 == shape.ElementCount)
            {
                result.Add(new CompressedTensor(reader, buffers, own, type, ownShape, [info], null));
            }
            else
            {
                // What a unit asks for beyond its natural type is a wish of its writer; types are restored by the topology.
                ElementType natural = info.PayloadType == NncPayloadType.Integer ? ElementType.Int32 : ElementType.Float32;
                result.Add(new CompressedTensor(reader, buffers, name, natural, shape, composed?.Parts ?? [info], composed));
            }
        }

        return result;
    }

    private static TensorShape Swapped(NncReader reader, NncTensorInfo info)
    {
        if (info.Shape.Rank < 2)
            throw new ModelFormatException(reader.Source, $"tensor '{info.Name}'", info.UnitOffset, "it has no two dimensions to exchange; the file is damaged, fetch it again");
        long[] dimensions = info.Shape.Dimensions.ToArray();
        (dimensions[0], dimensions[1]) = (dimensions[1], dimensions[0]);
        return new TensorShape(dimensions);
    }

    /// <summary>Decodes into memory of the caller.</summary>
    /// <param name="values">One for each element, row-major.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ArgumentException">The length is not the number of elements.</exception>
    /// <exception cref="InvalidOperationException">The elements are not binary32.</exception>
    /// <exception cref="ModelFormatException">A unit is damaged.</exception>
    public void Decode(Span<float> values, CancellationToken cancellationToken = default)
    {
        if (ElementType != ElementType.Float32) throw new InvalidOperationException($"Tensor '{Name}' holds {ElementType.Name()}; read its bytes.");
        if (values.Length != Shape.ElementCount)
            throw new ArgumentException($"Tensor '{Name}' has {Shape.ElementCount} elements, the destination {values.Length}.", nameof(values));
        if (_decoder is not null) _decoder(values, cancellationToken);
        else if (_composed is not null) _reader.Decode(_composed, values, cancellationToken);
        else _reader.Decode(Parts[0], values, cancellationToken);
    }

    /// <summary>Decodes to binary32, widening integers.</summary>
    internal float[] ReadSingles(CancellationToken cancellationToken)
    {
        if (ElementType == ElementType.Int32)
        {
            ReadOnlyMemory<byte> bytes = ReadBytes(cancellationToken);
            ReadOnlySpan<int> integers = MemoryMarshal.Cast<byte, int>(bytes.Span);
            float[] widened = new float[integers.Length];
            for (int i = 0; i < widened.Length; i++) widened[i] = integers[i];
            Release(bytes);
            return widened;
        }

        if (ElementType != ElementType.Float32) return ToTensor(null).ReadSingles(cancellationToken);
        float[] values = GC.AllocateUninitializedArray<float>(CountElements(cancellationToken));
        Decode(values, cancellationToken);
        return values;
    }

    /// <summary>The decoded elements, little-endian, in an array that <see cref="Release"/> may give back.</summary>
    internal ReadOnlyMemory<byte> ReadBytes(CancellationToken cancellationToken)
    {
        if (ByteLength > Array.MaxLength)
            throw new ResourceLimitException($"{_reader.Source}: tensor '{Name}' takes {ByteLength:N0} bytes decoded; at most {Array.MaxLength:N0} fit one array.");
        if (HoldsBits)
        {
            int wordBytes = checked(_reader.CountElements(Parts[0], cancellationToken) * sizeof(float));
            byte[] words = _buffers.Rent(wordBytes);
            _reader.Decode(Parts[0], MemoryMarshal.Cast<byte, float>(words.AsSpan(0, wordBytes)), cancellationToken);
            return words.AsMemory(0, (int)ByteLength);
        }

        CountElements(cancellationToken);
        byte[] buffer = _buffers.Rent((int)ByteLength);
        Memory<byte> bytes = buffer.AsMemory(0, (int)ByteLength);
        if (ElementType == ElementType.Int32) _reader.DecodeIntegers(Parts[0], MemoryMarshal.Cast<byte, int>(bytes.Span), cancellationToken);
        else Decode(MemoryMarshal.Cast<byte, float>(bytes.Span), cancellationToken);
        return bytes;
    }

    /// <summary>Writes the decoded elements, little-endian: a part at a time is held, beside what it is made from (factors, rows that others are predicted from, places in a table).</summary>
    internal void CopyTo(Stream destination, CancellationToken cancellationToken)
    {
        if (_copier is not null) _copier(destination, cancellationToken);
        else if (HoldsBits) _reader.CopyRaw(Parts[0], ByteLength, destination, cancellationToken);
        else if (_composed is not null) _reader.DecodeTo(_composed, destination, cancellationToken);
        else _reader.DecodeTo(Parts[0], destination, cancellationToken);
    }

    /// <summary>Gives back what <see cref="ReadBytes"/> returned, once nobody reads it any more.</summary>
    internal void Release(ReadOnlyMemory<byte> bytes)
    {
        if (MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment) && segment.Array is not null) _buffers.Return(segment.Array);
    }

    /// <summary>The tensor with its data decoded on demand, by <paramref name="read"/> or by itself.</summary>
    internal Tensor ToTensor(Func<CancellationToken, ReadOnlyMemory<byte>>? read) =>
        new(Name, ElementType, Shape, new CompressedTensorSource(_reader.Source, this, read));

    // The unit has the bytes of the elements as they are, under a float's name.
    private bool HoldsBits => ElementType != ElementType.Float32 && Parts[0].PayloadType == NncPayloadType.RawFloat;

    // Asked before memory is set aside: what a header declares is sure only then.
    private int CountElements(CancellationToken cancellationToken) =>
        _composed is not null ? _reader.CountElements(_composed, cancellationToken) : _reader.CountElements(Parts[0], cancellationToken);

    // Levels become values in place.
    private static void DecodeGridded(NncReader reader, NncTensorInfo info, LogarithmicGrid grid, Span<float> values, CancellationToken cancellationToken)
    {
        Span<int> levels = MemoryMarshal.Cast<float, int>(values);
        reader.DecodeIntegers(info, levels, cancellationToken);
        grid.Reconstruct(levels, values);
    }

    private static void CopyGridded(NncReader reader, NncTensorInfo info, LogarithmicGrid grid, Stream destination, CancellationToken cancellationToken) => reader.DecodeIntegers(
        info,
        levels =>
        {
            grid.Reconstruct(levels, MemoryMarshal.Cast<int, float>(levels));
            destination.Write(NncReader.LittleEndian(levels));
        },
        cancellationToken);
}
