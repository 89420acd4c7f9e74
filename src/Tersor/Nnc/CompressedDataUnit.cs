using Tersor.Models;
using Tersor.Nnc.Syntax;

namespace Tersor.Nnc;

/// <summary>A compressed data unit in place: its header, the settings that hold for it, and where its payload lies.</summary>
internal sealed class CompressedDataUnit
{
    private CompressedDataUnit(NncUnitInfo info, CompressedDataHeader header, int profile, QuantizationDefaults? quantization, long payloadOffset)
    {
        Info = info;
        Header = header;
        Profile = profile;
        Quantization = quantization;
        PayloadOffset = payloadOffset;
    }

    public NncUnitInfo Info { get; }

    public CompressedDataHeader Header { get; }

    public int Profile { get; }

    public QuantizationDefaults? Quantization { get; }

    public long PayloadOffset { get; }

    public long PayloadBytes => Info.Offset + Info.ByteCount - PayloadOffset;

    /// <summary>Why the unit cannot be decoded though it may be valid; null where it can.</summary>
    public string? Unsupported { get; private init; }

    /// <summary>The tensors in the order of the payload (section 4.3); empty where the unit is unsupported.</summary>
    public IReadOnlyList<NncTensorInfo> Tensors { get; private set; } = [];

    /// <summary>Reads the header behind the unit header.</summary>
    public static CompressedDataUnit Read(ref BitReader reader, UnitHeader unit, int profile, ModelParameterSet parameters, QuantizationDefaults? quantization, IReadOnlyList<string> references)
    {
        CompressedDataHeader header = CompressedDataHeader.Read(ref reader, profile, parameters, references);
        var info = new NncUnitInfo(reader.UnitNumber, unit.Type, unit.Offset, unit.UnitBytes);
        string? unsupported = header.Unsupported ?? (unit.PartialDataCounter is > 0 ? "data split over several units" : null);
        var result = new CompressedDataUnit(info, header, profile, quantization, reader.Position)
        {
            Unsupported = unsupported is null ? null : $"unit {info.Number}, tensor '{header.Names[0]}': {unsupported}",
        };
        if (unsupported is null) result.Tensors = result.ListTensors(ref reader);
        return result;
    }

    private List<NncTensorInfo> ListTensors(ref BitReader reader)
    {
        long[] dimensions = [.. Header.Dimensions];
        if (!TensorShape.TryCountElements(dimensions, out long count)) throw reader.Malformed("the dimensions multiply to more than 2^63 elements");
        bool quantized = Header.PayloadType is NncPayloadType.Float or NncPayloadType.Block;
        if (quantized && Quantization is null) throw reader.Malformed("the tensor is quantized, but no parameter set states a quantization parameter");
        var shape = new TensorShape(dimensions);
        if (Header.IsDecomposed && (Header.LeftRowCount == 0 || count % Header.LeftRowCount != 0 || Product(Header.LeftRowCount, Header.DecompositionRank) is null || Product(Header.DecompositionRank, count) is null))
            throw reader.Malformed($"factors with {Header.LeftRowCount} rows and rank {Header.DecompositionRank} do not make a tensor of shape {shape}");
        return Header.PayloadType == NncPayloadType.Block ? ListBlock(ref reader, shape) : [ListSingle(ref reader, shape)];
    }

    private NncTensorInfo ListSingle(ref BitReader reader, TensorShape shape)
    {
        string name = Header.Names[0];
        if (!Header.IsDecomposed) return new NncTensorInfo(this, name, NncTensorRole.Weight, shape, Header.Codebook);
        if (name.EndsWith(FactorNames.Left, StringComparison.Ordinal))
            return new NncTensorInfo(this, name, NncTensorRole.LeftFactor, LeftShape, Header.Codebook);
        if (name.EndsWith(FactorNames.Right, StringComparison.Ordinal))
            return new NncTensorInfo(this, name, NncTensorRole.RightFactor, RightShape(shape), Header.Codebook);
        throw reader.Malformed($"the factor of a decomposed weight has a name that ends neither in {FactorNames.Left} nor in {FactorNames.Right}");
    }

    private List<NncTensorInfo> ListBlock(ref BitReader reader, TensorShape shape)
    {
        if (shape.Rank == 0) throw reader.Malformed("a block's weight has no dimensions");
        var vector = new TensorShape(shape[0]);
        IReadOnlyList<string> names = Header.Names;
        bool scaled = Has(ParameterTypes.LocalScaling), normalized = Has(ParameterTypes.BatchNorm), biased = Has(ParameterTypes.Bias);
        int expected = (Header.IsDecomposed ? 2 : 1) + (scaled ? 1 : 0) + (normalized ? 4 : 0) + (biased ? 1 : 0);
        if (names.Count != expected) throw reader.Malformed($"a block of {expected} tensors has {names.Count} names");

        // Names come weight first, data comes weight last and bias before batch norm.
        int next = 0;
        NncTensorInfo Next(NncTensorRole role, TensorShape itsShape, NncCodebook? codebook = null) => new(this, names[next++], role, itsShape, codebook);
        List<NncTensorInfo> weights = Header.IsDecomposed
            ? [Next(NncTensorRole.LeftFactor, LeftShape, Header.Codebook), Next(NncTensorRole.RightFactor, RightShape(shape), Header.RightCodebook)]
            : [Next(NncTensorRole.Weight, shape, Header.Codebook)];
        List<NncTensorInfo> scaling = scaled ? [Next(NncTensorRole.LocalScaling, vector)] : [];
        List<NncTensorInfo> batchNorm = normalized
            ?
            [
                Next(NncTensorRole.BatchNormBeta, vector), Next(NncTensorRole.BatchNormGamma, vector),
                Next(NncTensorRole.BatchNormMean, vector), Next(NncTensorRole.BatchNormVariance, vector),
            ]
            : [];
        List<NncTensorInfo> bias = biased ? [Next(NncTensorRole.Bias, vector)] : [];
        return [.. scaling, .. bias, .. batchNorm, .. weights];
    }

    private bool Has(ParameterTypes type) => (Header.ParameterTypes & type) != 0;

    private TensorShape LeftShape => new(Header.LeftRowCount, Header.DecompositionRank);

    private TensorShape RightShape(TensorShape full) => new(Header.DecompositionRank, full.ElementCount / Header.LeftRowCount);

    private static long? Product(long a, long b) => b != 0 && a > long.MaxValue / b ? null : a * b;
}
