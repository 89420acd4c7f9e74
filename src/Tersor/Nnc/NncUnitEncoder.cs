using System.Globalization;
using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc.Syntax;

namespace Tersor.Nnc;

/// <summary>Codes tensors into compressed data units. Units do not depend on each other, so that several threads can make them.</summary>
internal static class NncUnitEncoder
{
    /// <summary>Codes one tensor: levels, integers, raw values, or one factor of a decomposed weight.</summary>
    /// <exception cref="ArgumentException">The name cannot be written, the QP does not fit its field, or options and tensor contradict each other.</exception>
    /// <exception cref="ResourceLimitException">The unit would pass 2 GiB.</exception>
    public static EncodedUnit Encode(LevelTensor tensor, NncStreamSettings stream, NncUnitOptions options, CancellationToken cancellationToken = default)
    {
        if (tensor.Rule.Kind == LevelKind.Raw) return EncodeRaw(tensor.Name, tensor.Shape, ByteSource.FromMemory(tensor.RawValues, tensor.Name), stream, options);
        CompressedDataHeader header = HeaderFor([tensor], tensor.Shape, tensor.Rule.Kind == LevelKind.Integer ? NncPayloadType.Integer : NncPayloadType.Float, stream, options);
        if (tensor.Role is NncTensorRole.LeftFactor or NncTensorRole.RightFactor) header = WithFactors(header, tensor.Shape, tensor.Role == NncTensorRole.LeftFactor, options);
        return Encode(header with { Codebook = tensor.Rule.Codebook }, [tensor], stream, options, cancellationToken);
    }

    /// <summary>Frames binary32 values as they are, without loading them.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">Little-endian, row-major.</param>
    /// <param name="stream">Settings of the stream.</param>
    /// <param name="options">Parameter id and data format are used.</param>
    /// <exception cref="ArgumentException">The name cannot be written, or the length is not four bytes per element.</exception>
    /// <exception cref="ResourceLimitException">The unit would pass 2 GiB.</exception>
    public static EncodedUnit EncodeRaw(string name, TensorShape shape, ByteSource values, NncStreamSettings stream, NncUnitOptions options)
    {
        if (values.Length != ElementType.Float32.ByteLength(shape.ElementCount)) throw new ArgumentException($"Tensor '{name}': shape {shape} does not take {values.Length} bytes.", nameof(values));
        CompressedDataHeader header = HeaderFor([name], shape, NncPayloadType.RawFloat, stream, options);
        return Frame(header, values, [], stream);
    }

    /// <summary>
    /// Codes the tensors of one layer together: one weight or its two factors, and at most one each of local scaling, bias and the four of batch norm.
    /// </summary>
    /// <exception cref="ArgumentException">Roles, rules or shapes do not make a block, a name cannot be written, or a QP does not fit its field.</exception>
    /// <exception cref="ResourceLimitException">The unit would pass 2 GiB.</exception>
    public static EncodedUnit EncodeBlock(IReadOnlyList<LevelTensor> tensors, NncStreamSettings stream, NncUnitOptions options)
    {
        BlockTensors block = BlockTensors.From(tensors);
        LevelTensor weight = block.Weights[0];
        TensorShape shape = block.IsDecomposed ? options.DecomposedShape ?? throw MissingShape() : weight.Shape;
        CompressedDataHeader header = HeaderFor(block.InNameOrder, shape, NncPayloadType.Block, stream, options) with { Codebook = weight.Rule.Codebook };
        if (block.IsDecomposed) header = WithFactors(header, weight.Shape, isLeft: true, options) with { RightCodebook = block.Weights[1].Rule.Codebook };
        block.Check(shape);
        return Encode(header with { ParameterTypes = block.Types }, block.InPayloadOrder, stream, options, CancellationToken.None);
    }

    private static CompressedDataHeader HeaderFor(IReadOnlyList<LevelTensor> tensors, TensorShape shape, NncPayloadType payloadType, NncStreamSettings stream, NncUnitOptions options) =>
        HeaderFor([.. tensors.Select(tensor => tensor.Name)], shape, payloadType, stream, options) with
        {
            DependentQuantization = tensors[0].Rule.DependentQuantization,
            ScanOrder = tensors.Any(tensor => tensor.Shape.Rank > 1 && IsSingleLine(tensor.Shape)) ? 0 : options.ScanOrder,
        };

    private static CompressedDataHeader HeaderFor(IReadOnlyList<string> names, TensorShape shape, NncPayloadType payloadType, NncStreamSettings stream, NncUnitOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.GreaterFlagCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.GreaterFlagCount, 256);
        if (shape.Rank > CompressedDataHeader.MaxRank) throw new ArgumentException($"Tensor '{names[0]}' has {shape.Rank} dimensions; at most {CompressedDataHeader.MaxRank} are written.");
        if (options.Update is not null && (!stream.IsUpdate || options.ParameterId is null))
            throw new ArgumentException("A unit that updates another has a parameter id and belongs into a stream that updates another.", nameof(options));
        return new CompressedDataHeader
        {
            PayloadType = payloadType,
            Names = names,
            Node = stream.Dialect == NncDialect.EditionTwo && options.ParameterId is long parameter ? new NodeId(0, parameter, options.Update?.Depth ?? 0) : null,
            Parent = options.Update is { } update ? new ParentNode { TemporalContexts = update.TemporalContexts } : null,
            DataFormat = options.DataFormat is { } type ? DataFormats.ToCode(type) ?? throw new ArgumentException($"NNC has no code for {type.Name()}.", nameof(options)) : null,
            Dimensions = shape.Rank == 0 ? [1] : shape.Dimensions.ToArray(),
            GreaterFlagCount = options.GreaterFlagCount,
        };
    }

    private static CompressedDataHeader WithFactors(CompressedDataHeader header, TensorShape factor, bool isLeft, NncUnitOptions options)
    {
        TensorShape full = options.DecomposedShape ?? throw MissingShape();
        if (factor.Rank != 2 || factor.ElementCount == 0 || full.ElementCount % factor[isLeft ? 0 : 1] != 0)
            throw new ArgumentException($"A factor of shape {factor} does not make a weight of shape {full}.", nameof(options));
        return header with
        {
            ParameterTypes = ParameterTypes.Decomposed,
            Dimensions = full.Dimensions.ToArray(),
            DecompositionRank = factor[isLeft ? 1 : 0],
            LeftRowCount = isLeft ? factor[0] : full.ElementCount / factor[1],
        };
    }

    private static EncodedUnit Encode(
        CompressedDataHeader header, IReadOnlyList<LevelTensor> tensors, NncStreamSettings stream, NncUnitOptions options, CancellationToken cancellationToken)
    {
        var encoder = new ArithmeticEncoder(EstimateBytes(tensors));
        var borders = new List<BlockRowBorder>[tensors.Count];
        for (int i = 0; i < tensors.Count; i++)
        {
            LevelTensor tensor = tensors[i];
            borders[i] = [];
            if (header.PayloadType != NncPayloadType.Integer) EncodeQp(encoder, tensor, stream);
            ParentLevels? parent = options.Update is { Parents.Count: > 0 } update ? update.Parents[i] : null;
            ReadOnlySpan<int> baseLevels = options.Update is { TemporalContexts: true } ? (parent ?? throw MissingParent(tensor)).Levels : default;
            ReadOnlySpan<byte> history = options.Update is { HistoryContexts: true } ? (parent ?? throw MissingParent(tensor)).History : default;
            LevelEncoder.Encode(encoder, SyntaxOf(header, tensor, stream), options.Coding, baseLevels, history, tensor.Levels, borders[i], cancellationToken);
        }

        byte[] payload = encoder.Finish().ToArray();
        IReadOnlyList<EntryPoint>[] entryPoints = [.. tensors.Zip(borders)
            .Where(pair => header.ScanOrder > 0 && pair.First.Shape.Rank > 1)
            .Select(pair => pair.Second.Select(border => border.ToEntryPoint(payload)).ToArray())];
        return Frame(header, ByteSource.FromMemory(payload, header.Names[0]), entryPoints, stream);
    }

    private static void EncodeQp(ArithmeticEncoder encoder, LevelTensor tensor, NncStreamSettings stream)
    {
        LevelRule rule = tensor.Rule;
        if (rule.Density != stream.Density) throw new ArgumentException($"Tensor '{tensor.Name}' has QP density {rule.Density}, the stream {stream.Density}.");
        int bits = new QuantizationDefaults(stream.Density, stream.BaseQp).DeltaBits;
        int limit = 1 << (bits - 1);
        int delta = rule.Qp - stream.BaseQp;
        if (delta < -limit || delta >= limit)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture, $"Tensor '{tensor.Name}': QP {rule.Qp} cannot be written; this stream holds {stream.BaseQp - limit} to {stream.BaseQp + limit - 1}."));
        }

        encoder.EncodeBypassBits((uint)delta & ((1u << bits) - 1), bits);
    }

    private static LevelSyntax SyntaxOf(CompressedDataHeader header, LevelTensor tensor, NncStreamSettings stream)
    {
        (int rows, int columns) = MatrixView.Of(tensor.Shape);
        return new LevelSyntax
        {
            Dialect = stream.Dialect,
            RowCount = rows,
            RowLength = columns,
            GreaterFlagCount = header.GreaterFlagCount,
            DependentQuantization = header.DependentQuantization,
            ScanOrder = tensor.Shape.Rank > 1 ? header.ScanOrder : 0,
            CodebookSize = tensor.Rule.Codebook?.Size ?? 0,
            CodebookZero = tensor.Rule.Codebook?.ZeroIndex ?? 0,
            ParentNodePresent = header.Parent is not null,
        };
    }

    private static EncodedUnit Frame(CompressedDataHeader header, ByteSource payload, IReadOnlyList<IReadOnlyList<EntryPoint>> entryPoints, NncStreamSettings stream)
    {
        var body = new BitWriter();
        header.Write(body, StartUnit.ProfileOf(stream.Dialect), stream.IsUpdate, entryPoints);
        return UnitHeader.Frame(NncUnitType.CompressedData, header.Names, body, payload);
    }

    // About three bits a level; the encoder's buffer grows where that is too little.
    private static int EstimateBytes(IReadOnlyList<LevelTensor> tensors) => (int)Math.Min(1 << 26, 64 + (tensors.Sum(tensor => tensor.Shape.ElementCount) * 3 / 8));

    private static bool IsSingleLine(TensorShape shape) => shape.ElementCount == 0 || shape[0] == 1 || shape[0] == shape.ElementCount;

    private static ArgumentException MissingShape() => new("Factors need the shape of their product in DecomposedShape.");

    private static ArgumentException MissingParent(LevelTensor tensor) => new($"Tensor '{tensor.Name}': contexts of an earlier update need its levels.");
}
