using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Tersor.EntropyCoding;
using Tersor.Models;

namespace Tersor.Nnc;

/// <summary>
/// Opens a compressed model, an ISO/IEC 15938-17 (NNC) stream. Opening reads unit headers only; tensors are decoded one by one when asked for, and several
/// threads may decode at once. Entry points in the stream are ignored, so that nothing but the data itself decides where decoding begins.
/// </summary>
public sealed class NncReader : IDisposable
{
    private readonly ByteSource _source;
    private readonly NncReadOptions _options;
    private readonly bool _ownsSource;
    private readonly UnitIndex _index;
    private readonly UnitDecoder _decoder;
    private readonly Dictionary<string, NncComposedTensor> _composedByName;
    private readonly Lock _dialectLock = new();
    private NncDialect? _dialect;

    private NncReader(ByteSource source, NncReadOptions options, bool ownsSource)
    {
        _source = source;
        _options = options;
        _ownsSource = ownsSource;
        _index = UnitIndex.Build(source);
        _decoder = new UnitDecoder(source, options);
        ComposedTensors = NncComposedTensor.List(_index);
        _composedByName = new Dictionary<string, NncComposedTensor>(StringComparer.Ordinal);
        foreach (NncComposedTensor tensor in ComposedTensors)
        {
            if (!_composedByName.TryAdd(tensor.Name, tensor))
                throw new ModelFormatException(source.Name, $"tensor '{tensor.Name}'", tensor.Parts[0].UnitOffset, "a decomposed weight and another tensor have the same name; names must be unique");
        }
    }

    /// <summary>Path or description of the stream, for messages.</summary>
    public string Source => _source.Name;

    /// <summary>Bytes of the stream.</summary>
    public long ByteCount => _source.Length;

    /// <summary><c>general_profile_idc</c>: 0 is the first edition's syntax, 1 the second's.</summary>
    public int Profile => _index.Profile;

    /// <summary>All units in the order of the stream.</summary>
    public IReadOnlyList<NncUnitInfo> Units => _index.Units;

    /// <summary>The tensors as they are coded: factors, local scaling and folded batch norm stand as they are.</summary>
    public IReadOnlyList<NncTensorInfo> Tensors => _index.Tensors;

    /// <summary>The tensors that a network works with: local scaling and factors are multiplied out.</summary>
    public IReadOnlyList<NncComposedTensor> ComposedTensors { get; }

    /// <summary>Format of the topology; <see cref="TopologyFormat.None"/> where the stream carries tensors only.</summary>
    public TopologyFormat TopologyFormat => (TopologyFormat)(_index.Topology?.StorageFormat ?? 0);

    /// <summary>Density and base QP of the stream, where it states them.</summary>
    public (int Density, int BaseQp)? Quantization =>
        _index.Parameters?.Quantization is { } quantization ? (quantization.Density, quantization.BaseQp) : null;

    /// <summary>Whether the stream updates an earlier one; then <see cref="NncSequenceDecoder"/> decodes it.</summary>
    public bool IsUpdate => _index.Parameters?.ParentSignalling ?? false;

    /// <summary>The model that the stream updates, in the words of its writer.</summary>
    public string? BaseModelId => _index.Parameters?.BaseModelId;

    /// <summary>One line for each unit that cannot be decoded though it may be valid. The other units decode.</summary>
    public IReadOnlyList<string> Unsupported => [.. _index.Data.Where(unit => unit.Unsupported is not null).Select(unit => unit.Unsupported!)];

    /// <summary>
    /// The variant of the syntax. Profile 0 has two that only decoding tells apart: the first question decodes a few of the smallest units.
    /// </summary>
    public NncDialect Dialect => FindDialect(default);

    internal IReadOnlyList<CompressedDataUnit> Data => _index.Data;

    /// <summary>Opens a file, which stays open until the reader is disposed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    /// <exception cref="ModelFormatException">The bytes are not an NNC stream, or a header is damaged.</exception>
    /// <exception cref="UnsupportedModelException">A profile that is not known.</exception>
    /// <exception cref="ResourceLimitException">More units than any model has.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NncReader Open(string path, NncReadOptions? options = null)
    {
        ByteSource file = ByteSource.FromFile(path);
        try
        {
            return new NncReader(file, options ?? NncReadOptions.Default, ownsSource: true);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a stream that lies in memory, in a part of a file or elsewhere; it stays owned by the caller.</summary>
    /// <inheritdoc cref="Open(string, NncReadOptions?)"/>
    public static NncReader Open(ByteSource source, NncReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new NncReader(source, options ?? NncReadOptions.Default, ownsSource: false);
    }

    /// <summary>Opens a stream in memory.</summary>
    /// <inheritdoc cref="Open(string, NncReadOptions?)"/>
    public static NncReader Open(ReadOnlyMemory<byte> bytes, NncReadOptions? options = null) => Open(ByteSource.FromMemory(bytes), options);

    /// <summary>Whether a file that begins with these bytes can be an NNC stream.</summary>
    public static bool Matches(ReadOnlySpan<byte> start) =>
        start is [0x00, 0x04, 0x02 or 0x0A, <= Syntax.StartUnit.SecondEditionProfile, ..] or [0x80, 0x00, 0x00, 0x06, 0x02 or 0x0A, <= Syntax.StartUnit.SecondEditionProfile, ..];

    /// <summary>The tensor of that name as coded, or null.</summary>
    public NncTensorInfo? Find(string name) => _index.Find(name);

    /// <summary>The tensor of that name as a network works with it, or null.</summary>
    public NncComposedTensor? FindComposed(string name) => _composedByName.GetValueOrDefault(name);

    /// <summary>Reads the topology into memory.</summary>
    /// <exception cref="ModelFormatException">The deflated data is damaged.</exception>
    /// <exception cref="UnsupportedModelException">A format or compression that is not known.</exception>
    /// <exception cref="ResourceLimitException">Larger than <see cref="NncReadOptions.MaxTopologyBytes"/>.</exception>
    public Topology ReadTopology()
    {
        if (_index.Topology is not { } unit) return new Topology(TopologyFormat.None, default);
        if (!Enum.IsDefined(TopologyFormat))
            throw new UnsupportedModelException(Source, [$"topology storage format {unit.StorageFormat}: 0 to 4 are read"]);
        return new Topology(TopologyFormat, unit.ReadData(_source, _options.MaxTopologyBytes));
    }

    /// <summary>
    /// The number of elements of a tensor, once it is sure that the file is large enough for them: to be asked before memory is set aside for a file that may
    /// come from anywhere. <see cref="TensorShape.ElementCount"/> only says what the file declares.
    /// </summary>
    /// <param name="tensor">A tensor of this stream.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ModelFormatException">More elements than the unit can hold.</exception>
    /// <exception cref="ResourceLimitException">More elements than an array can hold, or more uncoded ones than the options allow.</exception>
    public int CountElements(NncComposedTensor tensor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        long parts = 0;
        foreach (NncTensorInfo part in tensor.Parts) parts += CountElements(part, cancellationToken);
        long count = tensor.Shape.ElementCount;
        if (count > Array.MaxLength || (count > parts && count - parts > _options.MaxUncodedElements))
            throw new ResourceLimitException($"{Source}: tensor '{tensor.Name}' has {count:N0} elements, its factors {parts:N0}; raise NncReadOptions.MaxUncodedElements ({_options.MaxUncodedElements:N0}) if you trust the file.");
        return (int)count;
    }

    /// <inheritdoc cref="CountElements(NncComposedTensor, CancellationToken)"/>
    public int CountElements(NncTensorInfo tensor, CancellationToken cancellationToken = default)
    {
        CheckOwner(tensor);
        return _decoder.CountElements(tensor, DialectFor(tensor.Unit, cancellationToken), cancellationToken);
    }

    /// <summary>Decodes a tensor into a new array, local scaling and factors multiplied out.</summary>
    /// <param name="name">One of <see cref="ComposedTensors"/>.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ArgumentException">No tensor has that name.</exception>
    /// <inheritdoc cref="DecodeUnit"/>
    public float[] DecodeSingles(string name, CancellationToken cancellationToken = default)
    {
        NncComposedTensor tensor = FindComposed(name) ?? throw NoTensor(name);
        float[] values = GC.AllocateUninitializedArray<float>(CountElements(tensor, cancellationToken));
        Decode(tensor, values, cancellationToken);
        return values;
    }

    /// <summary>Decodes a tensor, local scaling and factors multiplied out.</summary>
    /// <param name="name">One of <see cref="ComposedTensors"/>.</param>
    /// <param name="values">One for each element, row-major. Integers are converted.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ArgumentException">No tensor has that name, or the length is not its number of elements.</exception>
    /// <inheritdoc cref="DecodeUnit"/>
    public void Decode(string name, Span<float> values, CancellationToken cancellationToken = default) =>
        Decode(FindComposed(name) ?? throw NoTensor(name), values, cancellationToken);

    /// <summary>Decodes a tensor, local scaling and factors multiplied out.</summary>
    /// <param name="tensor">One of <see cref="ComposedTensors"/>.</param>
    /// <param name="values">One for each element, row-major. Integers are converted.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ArgumentException">The length is not the number of elements.</exception>
    /// <inheritdoc cref="DecodeUnit"/>
    public void Decode(NncComposedTensor tensor, Span<float> values, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.AsCoded is { } single)
        {
            Decode(single, values, cancellationToken);
            return;
        }

        foreach (NncTensorInfo part in tensor.Parts) CheckOwner(part);
        CheckLength(tensor.Name, tensor.Shape, values.Length);
        tensor.Compose(unit => _decoder.Decode(unit, DialectFor(unit, cancellationToken), cancellationToken: cancellationToken), values, cancellationToken);
    }

    /// <summary>Decodes a tensor as it is coded.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="values">One for each element, row-major. Integers are converted.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ArgumentException">The length is not the number of elements.</exception>
    /// <inheritdoc cref="DecodeUnit"/>
    public void Decode(NncTensorInfo tensor, Span<float> values, CancellationToken cancellationToken = default)
    {
        CheckOwner(tensor);
        CheckLength(tensor.Name, tensor.Shape, values.Length);
        switch (tensor.PayloadType)
        {
            case NncPayloadType.RawFloat:
                _decoder.ReadRaw(tensor.Unit, values, cancellationToken);
                break;
            case NncPayloadType.Block:
                DecodeLevels(tensor, cancellationToken).Reconstruct(values);
                break;
            default:
                // Levels become values in place.
                Span<int> levels = MemoryMarshal.Cast<float, int>(values);
                DecodeLevels(tensor, levels, cancellationToken).Reconstruct(levels, values);
                break;
        }
    }

    /// <summary>Decodes a tensor, local scaling and factors multiplied out, and writes its values, a part after the other: of factors and of what stands before it in its unit all is held, of itself a part.</summary>
    /// <param name="tensor">One of <see cref="ComposedTensors"/>.</param>
    /// <param name="destination">Gets 32-bit numbers, little-endian, row-major. Some may have been written before a damage shows.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <inheritdoc cref="DecodeUnit"/>
    public void DecodeTo(NncComposedTensor tensor, Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.AsCoded is { } single)
        {
            DecodeTo(single, destination, cancellationToken);
            return;
        }

        ArgumentNullException.ThrowIfNull(destination);
        foreach (NncTensorInfo part in tensor.Parts) CheckOwner(part);
        CountElements(tensor, cancellationToken);
        tensor.Compose(
            unit => _decoder.Decode(unit, DialectFor(unit, cancellationToken), cancellationToken: cancellationToken),
            (weight, before, band) => DecodeValues(weight, before, band, cancellationToken),
            values => destination.Write(LittleEndian(values)),
            cancellationToken);
    }

    /// <summary>Decodes a tensor as it is coded and writes its values or integers, a part after the other: it is never held whole.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="destination">Gets 32-bit numbers, little-endian, row-major. Some may have been written before a damage shows.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <inheritdoc cref="DecodeUnit"/>
    public void DecodeTo(NncTensorInfo tensor, Stream destination, CancellationToken cancellationToken = default)
    {
        CheckOwner(tensor);
        ArgumentNullException.ThrowIfNull(destination);
        switch (tensor.PayloadType)
        {
            case NncPayloadType.RawFloat:
                CopyRaw(tensor, tensor.Unit.PayloadBytes, destination, cancellationToken);
                break;
            case NncPayloadType.Integer:
                DecodeIntegers(tensor, levels => destination.Write(LittleEndian(levels)), cancellationToken);
                break;
            default:
                DecodeValues(tensor, _ => { }, values => destination.Write(LittleEndian(values)), cancellationToken);
                break;
        }
    }

    /// <summary>Decodes a tensor of integers.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>, with payload type <see cref="NncPayloadType.Integer"/>.</param>
    /// <param name="values">One for each element, row-major.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ArgumentException">The tensor does not hold integers, or the length is not its number of elements.</exception>
    /// <inheritdoc cref="DecodeUnit"/>
    public void DecodeIntegers(NncTensorInfo tensor, Span<int> values, CancellationToken cancellationToken = default)
    {
        CheckOwner(tensor);
        if (tensor.PayloadType != NncPayloadType.Integer) throw new ArgumentException($"Tensor '{tensor.Name}' does not hold integers.", nameof(tensor));
        CheckLength(tensor.Name, tensor.Shape, values.Length);
        DecodeLevels(tensor, values, cancellationToken);
    }

    /// <summary>Decodes a tensor of integers without holding all of it.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>, with payload type <see cref="NncPayloadType.Integer"/>.</param>
    /// <param name="band">Gets the integers from the first to the last, to do with as it likes. That the payload is damaged may show after some of them.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    internal void DecodeIntegers(NncTensorInfo tensor, Action<Span<int>> band, CancellationToken cancellationToken) =>
        DecodeLevels(tensor, (_, levels) => band(levels), cancellationToken);

    /// <summary>Decodes the levels of a tensor that has its unit for itself into memory of the caller.</summary>
    /// <returns>The rule that turns them into values.</returns>
    internal LevelRule DecodeLevels(NncTensorInfo tensor, Span<int> levels, CancellationToken cancellationToken) =>
        _decoder.DecodeSingle(tensor.Unit, FindDialect(cancellationToken), levels, cancellationToken);

    /// <summary>Decodes the levels of a tensor without holding all of it.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>, coded.</param>
    /// <param name="band">Gets the levels from the first to the last, to do with as it likes, and their rule. That the payload is damaged may show after some of them.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    internal void DecodeLevels(NncTensorInfo tensor, Action<LevelRule, Span<int>> band, CancellationToken cancellationToken) =>
        _decoder.DecodeBands(tensor, FindDialect(cancellationToken), _ => { }, band, cancellationToken);

    /// <summary>Writes the first bytes of a raw unit as they stand in the stream.</summary>
    internal void CopyRaw(NncTensorInfo tensor, long byteCount, Stream destination, CancellationToken cancellationToken)
    {
        _decoder.EnsureSupported(tensor.Unit);
        _decoder.CopyRaw(tensor.Unit, byteCount, destination, cancellationToken);
    }

    /// <summary>Decodes the levels of a tensor and the rule that turns them into values. A block is decoded as a whole each time; see <see cref="DecodeUnit"/>.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <inheritdoc cref="DecodeUnit"/>
    public LevelTensor DecodeLevels(NncTensorInfo tensor, CancellationToken cancellationToken = default)
    {
        CheckOwner(tensor);
        LevelTensor[] all = _decoder.Decode(tensor.Unit, DialectFor(tensor.Unit, cancellationToken), cancellationToken: cancellationToken);
        int position = 0;
        while (!ReferenceEquals(tensor.Unit.Tensors[position], tensor)) position++;
        return all[position];
    }

    /// <summary>Decodes all tensors of a unit at once, in the order of its payload.</summary>
    /// <param name="unitNumber">Ordinal of a compressed data unit in the stream.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ArgumentException">The number is not that of a compressed data unit.</exception>
    /// <exception cref="ModelFormatException">The payload is damaged.</exception>
    /// <exception cref="UnsupportedModelException">The unit asks for what is not supported, or updates a tensor of an earlier stream (<see cref="NncSequenceDecoder"/>).</exception>
    /// <exception cref="ResourceLimitException">A tensor has more elements than an array can hold, or more uncoded ones than the options allow.</exception>
    public IReadOnlyList<LevelTensor> DecodeUnit(int unitNumber, CancellationToken cancellationToken = default)
    {
        CompressedDataUnit unit = _index.FindData(unitNumber) ?? throw new ArgumentException($"Unit {unitNumber} holds no tensors.", nameof(unitNumber));
        return _decoder.Decode(unit, DialectFor(unit, cancellationToken), cancellationToken: cancellationToken);
    }

    /// <summary>Closes the file, if the reader opened it.</summary>
    public void Dispose()
    {
        if (_ownsSource) _source.Dispose();
    }

    internal LevelTensor[] DecodeUpdate(CompressedDataUnit unit, Func<int, ParentLevels?> parents, CancellationToken cancellationToken) =>
        _decoder.Decode(unit, DialectFor(unit, cancellationToken), parents, cancellationToken);

    private NncDialect FindDialect(CancellationToken cancellationToken)
    {
        if (Profile != Syntax.StartUnit.FirstEditionProfile) return NncDialect.EditionTwo;
        lock (_dialectLock) return _dialect ??= FirstEditionDialect.Detect(_index.Data, _decoder, cancellationToken);
    }

    // Raw units read alike in every dialect.
    private NncDialect DialectFor(CompressedDataUnit unit, CancellationToken cancellationToken) =>
        unit.Header.PayloadType == NncPayloadType.RawFloat || unit.Unsupported is not null ? NncDialect.EditionTwo : FindDialect(cancellationToken);

    private void CheckOwner(NncTensorInfo tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!ReferenceEquals(_index.FindData(tensor.UnitNumber), tensor.Unit)) throw new ArgumentException($"Tensor '{tensor.Name}' is of another stream than {Source}.", nameof(tensor));
    }

    private ArgumentException NoTensor(string name) => new($"{Source} has no tensor '{name}'.", nameof(name));

    // Levels become values in place.
    private void DecodeValues(NncTensorInfo tensor, Action<LevelTensor> before, Action<Span<float>> part, CancellationToken cancellationToken) => _decoder.DecodeBands(
        tensor,
        DialectFor(tensor.Unit, cancellationToken),
        before,
        (rule, levels) =>
        {
            Span<float> values = MemoryMarshal.Cast<int, float>(levels);
            rule.Reconstruct(levels, values);
            part(values);
        },
        cancellationToken);

    /// <summary>The bytes of values, little-endian; the values are lost.</summary>
    internal static Span<byte> LittleEndian(Span<float> values) => LittleEndian(MemoryMarshal.Cast<float, int>(values));

    /// <summary>The bytes of numbers, little-endian; the numbers are lost.</summary>
    internal static Span<byte> LittleEndian(Span<int> numbers)
    {
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(numbers, numbers);
        return MemoryMarshal.AsBytes(numbers);
    }

    private static void CheckLength(string name, TensorShape shape, int length)
    {
        if (shape.ElementCount != length) throw new ArgumentException($"Tensor '{name}' has {shape.ElementCount} elements, the destination {length}.");
    }
}
