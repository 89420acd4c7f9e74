using System.Buffers;
using System.Runtime.InteropServices;
using Tersor.EntropyCoding;
using Tersor.Models;

namespace Tersor.Nnc;

/// <summary>Decodes whole units of a stream. Holds no state of its own, so that several threads can decode different units at once.</summary>
internal sealed class UnitDecoder(ByteSource source, NncReadOptions options)
{
    /// <summary>Decodes all tensors of a unit, in payload order.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="dialect">The syntax it is written in.</param>
    /// <param name="parents">Finds what tensor number n of the unit is coded against; null where there is nothing.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    /// <exception cref="ModelFormatException">The payload is damaged.</exception>
    /// <exception cref="UnsupportedModelException">The unit asks for what is not done here, or updates an earlier one that <paramref name="parents"/> does not find.</exception>
    /// <exception cref="ResourceLimitException">A tensor is too large.</exception>
    public LevelTensor[] Decode(CompressedDataUnit unit, NncDialect dialect, Func<int, ParentLevels?>? parents = null, CancellationToken cancellationToken = default)
    {
        EnsureSupported(unit);
        if (unit.Header.PayloadType == NncPayloadType.RawFloat) return [ReadRaw(unit, cancellationToken)];
        return TryDecode(unit, ReadPayload(unit, cancellationToken), dialect, parents, cancellationToken, out string? problem) ?? throw Refusal(unit, problem);
    }

    /// <summary>Decodes a unit of one tensor straight into memory of the caller: no array of levels is made.</summary>
    /// <returns>The rule that turns the levels into values.</returns>
    public LevelRule DecodeSingle(CompressedDataUnit unit, NncDialect dialect, Span<int> levels, CancellationToken cancellationToken)
    {
        using Payload payload = Rent(unit, cancellationToken);
        NncTensorInfo tensor = unit.Tensors[0];
        var decoder = new PayloadDecoder(unit, payload.Bytes, dialect, cancellationToken);
        decoder.CountLevels(tensor, source.Name, options.MaxUncodedElements);
        string? problem = decoder.DecodeNext(tensor, parent: null, levels, out LevelRule rule);
        if (problem is null && !decoder.TryFinish()) problem = EndCheckFailed;
        return problem is null ? rule : throw Refusal(unit, problem);
    }

    /// <summary>Decodes a unit without holding all of one tensor.</summary>
    /// <param name="tensor">Which one; its payload is coded.</param>
    /// <param name="dialect">The syntax it is written in.</param>
    /// <param name="before">Gets the tensors that the payload has before it, whole.</param>
    /// <param name="band">Gets the levels of the tensor from the first to the last. That the payload is damaged may show after some of them.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    public void DecodeBands(NncTensorInfo tensor, NncDialect dialect, Action<LevelTensor> before, Action<LevelRule, Span<int>> band, CancellationToken cancellationToken)
    {
        CompressedDataUnit unit = tensor.Unit;
        EnsureSupported(unit);
        using Payload payload = Rent(unit, cancellationToken);
        var decoder = new PayloadDecoder(unit, payload.Bytes, dialect, cancellationToken);
        string? problem = null;
        bool isBefore = true;
        foreach (NncTensorInfo next in unit.Tensors)
        {
            isBefore &= !ReferenceEquals(next, tensor);
            int count = decoder.CountLevels(next, source.Name, options.MaxUncodedElements);
            if (isBefore)
            {
                problem = DecodeNext(ref decoder, next, parent: null, count, out LevelTensor whole);
                if (problem is null) before(whole);
            }
            else
            {
                // Those behind it are only seen to be whole.
                problem = decoder.DecodeNext(next, ReferenceEquals(next, tensor) ? band : (_, _) => { });
            }

            if (problem is not null) break;
        }

        if (problem is null && !decoder.TryFinish()) problem = EndCheckFailed;
        if (problem is not null) throw Refusal(unit, problem);
    }

    /// <summary>The number of elements of a tensor, once it is sure that the file can pay for them: to be asked before memory is set aside.</summary>
    /// <exception cref="ModelFormatException">More elements than the payload can hold.</exception>
    /// <exception cref="ResourceLimitException">More than an array can hold, or more free zeros than the options allow.</exception>
    public int CountElements(NncTensorInfo tensor, NncDialect dialect, CancellationToken cancellationToken)
    {
        CompressedDataUnit unit = tensor.Unit;
        if (unit.Header.PayloadType == NncPayloadType.RawFloat) CheckRawLength(unit);
        else if (tensor.Shape.ElementCount > PayloadDecoder.MaxCodedElements(unit.PayloadBytes)) return CountMostlyUncoded(tensor, dialect, cancellationToken);
        return (int)tensor.Shape.ElementCount;
    }

    /// <summary>Reads the values of a raw unit.</summary>
    public void ReadRaw(CompressedDataUnit unit, Span<float> values, CancellationToken cancellationToken)
    {
        CheckRawLength(unit);
        source.ReadInParts(unit.PayloadOffset, MemoryMarshal.AsBytes(values), cancellationToken);
        RawSingles.ToHostOrder(values);
    }

    /// <summary>Whether a unit decodes without fault in a dialect; false as well for what cannot be decoded at all.</summary>
    public bool Fits(CompressedDataUnit unit, NncDialect dialect, CancellationToken cancellationToken)
    {
        try
        {
            return TryDecode(unit, ReadPayload(unit, cancellationToken), dialect, parents: null, cancellationToken, out _) is not null;
        }
        catch (ModelFormatException)
        {
            return false;
        }
        catch (ResourceLimitException)
        {
            return false;
        }
    }

    /// <summary>Refuses a unit that cannot be decoded though it may be valid.</summary>
    public void EnsureSupported(CompressedDataUnit unit)
    {
        if (unit.Unsupported is not null) throw new UnsupportedModelException(source.Name, [unit.Unsupported]);
    }

    private const string EndCheckFailed = "the coded data does not end where the unit does; the file is damaged, fetch it again";

    private LevelTensor[]? TryDecode(
        CompressedDataUnit unit, ReadOnlyMemory<byte> payload, NncDialect dialect, Func<int, ParentLevels?>? parents, CancellationToken cancellationToken, out string? problem)
    {
        var decoder = new PayloadDecoder(unit, payload.Span, dialect, cancellationToken);
        var tensors = new LevelTensor[unit.Tensors.Count];
        for (int i = 0; i < tensors.Length; i++)
        {
            NncTensorInfo tensor = unit.Tensors[i];
            problem = DecodeNext(ref decoder, tensor, parents?.Invoke(i), decoder.CountLevels(tensor, source.Name, options.MaxUncodedElements), out tensors[i]);
            if (problem is not null) return null;
        }

        problem = decoder.TryFinish() ? null : EndCheckFailed;
        return problem is null ? tensors : null;
    }

    // The result is null where there is a problem.
    private static string? DecodeNext(ref PayloadDecoder decoder, NncTensorInfo tensor, ParentLevels? parent, int count, out LevelTensor result)
    {
        result = null!;
        int[] levels = GC.AllocateUninitializedArray<int>(count);
        if (parent is not null && parent.Levels.Length != count) return "the tensor updates one of another size";
        string? problem = decoder.DecodeNext(tensor, parent, levels, out LevelRule rule);
        if (problem is null) result = new LevelTensor(tensor.Name, tensor.Shape, levels, rule, tensor.Role);
        return problem;
    }

    /// <summary>Writes the first bytes of a raw unit as they stand in the stream, little-endian.</summary>
    public void CopyRaw(CompressedDataUnit unit, long byteCount, Stream destination, CancellationToken cancellationToken)
    {
        CheckRawLength(unit);
        source.Slice(unit.PayloadOffset, byteCount).CopyTo(destination, cancellationToken);
    }

    private LevelTensor ReadRaw(CompressedDataUnit unit, CancellationToken cancellationToken)
    {
        CheckRawLength(unit);
        return new LevelTensor(unit.Tensors[0].Name, unit.Tensors[0].Shape, ReadPayload(unit, cancellationToken));
    }

    private void CheckRawLength(CompressedDataUnit unit)
    {
        long count = unit.Tensors[0].Shape.ElementCount;
        if (count > unit.PayloadBytes / 4 || count * 4 != unit.PayloadBytes) throw Malformed(unit, $"{count:N0} raw values do not fill {unit.PayloadBytes:N0} bytes");
    }

    // Which rows are skipped is seen once the tensors before are decoded.
    private int CountMostlyUncoded(NncTensorInfo tensor, NncDialect dialect, CancellationToken cancellationToken)
    {
        CompressedDataUnit unit = tensor.Unit;
        var decoder = new PayloadDecoder(unit, ReadPayload(unit, cancellationToken).Span, dialect, cancellationToken);
        foreach (NncTensorInfo before in unit.Tensors)
        {
            if (ReferenceEquals(before, tensor)) break;
            int[] levels = new int[decoder.CountLevels(before, source.Name, options.MaxUncodedElements)];
            if (decoder.DecodeNext(before, parent: null, levels, out _) is string problem) throw Refusal(unit, problem);
        }

        return decoder.CountLevels(tensor, source.Name, options.MaxUncodedElements);
    }

    private Payload Rent(CompressedDataUnit unit, CancellationToken cancellationToken)
    {
        ByteSource coded = source.Slice(unit.PayloadOffset, unit.PayloadBytes);
        if (coded.TryGetMemory(out ReadOnlyMemory<byte> memory) || !coded.ReadsInParts || unit.PayloadBytes > Array.MaxLength)
            return new Payload(memory.IsEmpty ? coded.ReadAll(cancellationToken).Span : memory.Span, null);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)unit.PayloadBytes);
        Span<byte> bytes = buffer.AsSpan(0, (int)unit.PayloadBytes);
        coded.ReadInParts(0, bytes, cancellationToken);
        return new Payload(bytes, buffer);
    }

    private ReadOnlyMemory<byte> ReadPayload(CompressedDataUnit unit, CancellationToken cancellationToken) =>
        source.Slice(unit.PayloadOffset, unit.PayloadBytes).ReadAll(cancellationToken);

    // A stream that updates another is whole; it only cannot be read alone.
    private Exception Refusal(CompressedDataUnit unit, string? problem) => problem == PayloadDecoder.NeedsParent
        ? new UnsupportedModelException(source.Name, [$"tensor '{unit.Header.Names[0]}' updates one of an earlier stream; decode the streams in order with NncSequenceDecoder"])
        : Malformed(unit, problem ?? EndCheckFailed);

    private ModelFormatException Malformed(CompressedDataUnit unit, string problem) => new(source.Name, $"tensor '{unit.Header.Names[0]}'", unit.Info.Offset, problem);

    private readonly ref struct Payload(ReadOnlySpan<byte> bytes, byte[]? rented)
    {
        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public void Dispose()
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
