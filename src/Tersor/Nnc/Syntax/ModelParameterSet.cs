namespace Tersor.Nnc.Syntax;

/// <summary>MPS (section 3.3): what holds for the whole model. One bit field whose reserved part the second edition put to use.</summary>
internal sealed record ModelParameterSet
{
    public bool TopologyCarried { get; init; } = true;

    public bool SparsificationMap { get; init; }

    public bool PruningMap { get; init; }

    public bool UnificationMap { get; init; }

    public bool DecompositionMap { get; init; }

    /// <summary>Bit 0 uniform, bit 1 codebook; the reference writes 1 in every case.</summary>
    public int QuantizationMethods { get; init; } = 1;

    /// <summary>Tensors are named by their index in a list of the topology unit.</summary>
    public bool IndexedReferences { get; init; }

    /// <summary>Units may name a parent node: the stream updates an earlier one.</summary>
    public bool ParentSignalling { get; init; }

    /// <summary>The flag that may follow <see cref="ParentSignalling"/>; its meaning lies outside decoding.</summary>
    public bool PreFlag { get; init; }

    public string? BaseModelId { get; init; }

    public bool MetricTypeValid { get; init; }

    public string? PerformanceMetric { get; init; }

    public float? ValidationPerformance { get; init; }

    /// <summary>Null where no quantization method is announced.</summary>
    public QuantizationDefaults? Quantization { get; init; }

    public static ModelParameterSet Read(ref BitReader reader, int profile)
    {
        var set = new ModelParameterSet
        {
            TopologyCarried = reader.ReadFlag(),
            SparsificationMap = reader.ReadFlag(),
            PruningMap = reader.ReadFlag(),
            UnificationMap = reader.ReadFlag(),
            DecompositionMap = reader.ReadFlag(),
            QuantizationMethods = (int)reader.ReadBits(3),
            IndexedReferences = reader.ReadFlag(),
        };
        bool hasValidation = false;
        if (profile == StartUnit.FirstEditionProfile)
        {
            reader.ReadBits(7);
        }
        else
        {
            bool hasBaseModel = reader.ReadFlag();
            hasValidation = reader.ReadFlag();
            bool metricValid = reader.ReadFlag();
            bool parentSignalling = reader.ReadFlag();
            bool preFlag = reader.ReadFlag() && parentSignalling;
            reader.ReadBits(2);
            set = set with
            {
                MetricTypeValid = metricValid,
                ParentSignalling = parentSignalling,
                PreFlag = preFlag,
                BaseModelId = hasBaseModel ? reader.ReadString("the base model id") : null,
                PerformanceMetric = hasValidation || metricValid ? reader.ReadString("the performance metric") : null,
            };
        }

        if ((set.QuantizationMethods & 3) != 0) set = set with { Quantization = QuantizationDefaults.Read(ref reader) };
        PerformanceMaps.Skip(ref reader, set.SparsificationMap, set.PruningMap, set.UnificationMap, set.DecompositionMap);
        if (hasValidation) set = set with { ValidationPerformance = reader.ReadSingle() };
        reader.ReadAlignment();
        return set;
    }

    /// <summary>The whole unit. Performance maps are not written.</summary>
    public byte[] Write(int profile)
    {
        var body = new BitWriter();
        body.WriteFlag(TopologyCarried);
        body.WriteBits(0, 4);
        body.WriteBits((uint)QuantizationMethods, 3);
        body.WriteFlag(IndexedReferences);
        if (profile == StartUnit.FirstEditionProfile)
        {
            body.WriteBits(0, 7);
        }
        else
        {
            body.WriteFlag(BaseModelId is not null);
            body.WriteFlag(ValidationPerformance is not null);
            body.WriteFlag(MetricTypeValid);
            body.WriteFlag(ParentSignalling);
            body.WriteFlag(ParentSignalling && PreFlag);
            body.WriteBits(0, 2);
            if (BaseModelId is not null) body.WriteString(BaseModelId);
            if (ValidationPerformance is not null || MetricTypeValid) body.WriteString(PerformanceMetric ?? "");
        }

        if ((QuantizationMethods & 3) != 0) (Quantization ?? default).Write(body);
        if (profile != StartUnit.FirstEditionProfile && ValidationPerformance is float performance) body.WriteSingle(performance);
        body.WriteAlignment();
        return UnitHeader.Frame(NncUnitType.ModelParameterSet, body);
    }
}
