using Tersor.EntropyCoding;

namespace Tersor.Nnc.Syntax;

/// <summary>Header of a compressed data unit (section 4.1). The numbers in comments are the rows of that table.</summary>
internal sealed record CompressedDataHeader
{
    /// <summary>Most dimensions of a tensor that are read; the standard sets no limit.</summary>
    public const int MaxRank = 64;

    /// <summary>Largest dimension that is written: readers bound the length of a number.</summary>
    public const long MaxDimension = 1L << 48;

    /// <summary>N where a unit states none.</summary>
    public const int DefaultGreaterFlagCount = 10;

    /// <summary>Most names a unit can have: G, H, local scaling, four of batch norm, bias.</summary>
    public const int MaxNames = 8;

    private const int MaxScanOrder = 4;

    public required NncPayloadType PayloadType { get; init; }

    public required IReadOnlyList<string> Names { get; init; }

    public NodeId? Node { get; init; }

    public ParentNode? Parent { get; init; }

    public NncCodebook? Codebook { get; init; }

    /// <summary>The codebook of H where a block's weight is decomposed.</summary>
    public NncCodebook? RightCodebook { get; init; }

    public bool DependentQuantization { get; init; }

    public int? DataFormat { get; init; }

    public ParameterTypes ParameterTypes { get; init; }

    public long DecompositionRank { get; init; }

    public long LeftRowCount { get; init; }

    /// <summary>Dimensions of the tensor, in a block of the weight, with decomposition of the product of both factors.</summary>
    public IReadOnlyList<long> Dimensions { get; init; } = [];

    public int GreaterFlagCount { get; init; } = DefaultGreaterFlagCount;

    public int ScanOrder { get; init; }

    /// <summary>What the unit asks for that is not done here; then what follows it in the header was not read.</summary>
    public string? Unsupported { get; init; }

    public bool IsDecomposed => (ParameterTypes & ParameterTypes.Decomposed) != 0;

    public static CompressedDataHeader Read(ref BitReader reader, int profile, ModelParameterSet parameters, IReadOnlyList<string> references)
    {
        bool secondEdition = profile != StartUnit.FirstEditionProfile;
        var payloadType = (NncPayloadType)reader.ReadBits(5); // 1
        bool several = reader.ReadFlag(); // 2
        bool hasDataFormat = reader.ReadFlag(); // 3
        bool hasInputParameters = reader.ReadFlag(); // 4
        IReadOnlyList<string> names = ReadNames(ref reader, several, parameters.IndexedReferences, references); // 5
        reader.Item = $"tensor '{names[0]}'";
        var header = new CompressedDataHeader { PayloadType = payloadType, Names = names };
        if (payloadType > NncPayloadType.Block) return header with { Unsupported = $"payload type {(int)payloadType} is not defined" };
        if (several != (payloadType == NncPayloadType.Block)) return header with { Unsupported = $"a {payloadType} unit with {names.Count} names" };
        if (secondEdition) header = header with { Node = reader.ReadFlag() ? NodeId.Read(ref reader) : null }; // 6, 7
        if (parameters.ParentSignalling && reader.ReadFlag()) header = header with { Parent = ParentNode.Read(ref reader, header.Node is not null) }; // 8-10
        bool quantized = payloadType is NncPayloadType.Float or NncPayloadType.Block;
        if (quantized && reader.ReadFlag()) header = header with { Codebook = CodebookSyntax.Read(ref reader) }; // 11, 12
        if (payloadType != NncPayloadType.RawFloat)
        {
            bool dependent = reader.ReadFlag(); // 13
            header = header with { DependentQuantization = dependent && quantized };
        }

        if (hasDataFormat) header = header with { DataFormat = (int)reader.ReadBits(7) }; // 14
        if (!hasInputParameters) return header with { Unsupported = "dimensions that are not in the stream" };
        return header.ReadInputParameters(ref reader, secondEdition);
    }

    /// <summary>Everything up to and including the alignment before the payload. <paramref name="entryPoints"/> has one list per scanned matrix.</summary>
    public void Write(BitWriter writer, int profile, bool parentSignalling, IReadOnlyList<IReadOnlyList<EntryPoint>> entryPoints)
    {
        bool secondEdition = profile != StartUnit.FirstEditionProfile;
        bool isBlock = PayloadType == NncPayloadType.Block;
        writer.WriteBits((uint)PayloadType, 5);
        writer.WriteFlag(isBlock);
        writer.WriteFlag(DataFormat is not null);
        writer.WriteFlag(true);
        if (isBlock)
        {
            writer.WriteExpGolomb(Names.Count - 2, 7);
            writer.WriteAlignment();
        }

        foreach (string name in Names) writer.WriteString(name);
        if (secondEdition)
        {
            writer.WriteFlag(Node is not null);
            Node?.Write(writer);
        }

        if (parentSignalling)
        {
            writer.WriteFlag(Parent is not null);
            Parent?.Write(writer);
        }

        if (PayloadType is NncPayloadType.Float or NncPayloadType.Block)
        {
            writer.WriteFlag(Codebook is not null);
            if (Codebook is not null) CodebookSyntax.Write(writer, Codebook);
        }

        if (PayloadType != NncPayloadType.RawFloat) writer.WriteFlag(DependentQuantization);
        if (DataFormat is int format) writer.WriteBits((uint)format, 7);
        bool hasGreaterFlagCount = PayloadType != NncPayloadType.RawFloat;
        writer.WriteFlag(true);
        writer.WriteFlag(hasGreaterFlagCount);
        writer.WriteBits((uint)ParameterTypes, 4);
        if (IsDecomposed)
        {
            writer.WriteExpGolomb(DecompositionRank, 3);
            writer.WriteExpGolomb(LeftRowCount, 3);
        }

        writer.WriteExpGolomb(Dimensions.Count, 1);
        foreach (long dimension in Dimensions) writer.WriteExpGolomb(dimension, 7);
        if (hasGreaterFlagCount) writer.WriteBits((uint)(GreaterFlagCount - 1), 8);
        if (isBlock && IsDecomposed && Codebook is not null)
            CodebookSyntax.Write(writer, RightCodebook ?? throw new InvalidOperationException("Both factors have a codebook or none."));
        if (Dimensions.Count > 1)
        {
            if (secondEdition) writer.WriteExpGolomb(0, 1);
            writer.WriteBits((uint)ScanOrder, 4);
            foreach (IReadOnlyList<EntryPoint> entries in entryPoints) EntryPointSyntax.Write(writer, entries, DependentQuantization);
        }

        writer.WriteAlignment();
    }

    private static IReadOnlyList<string> ReadNames(ref BitReader reader, bool several, bool indexed, IReadOnlyList<string> references)
    {
        if (!several) return [indexed ? Resolve(ref reader, reader.ReadExpGolomb(7), references) : reader.ReadString("the tensor's name")];
        string[] names = new string[reader.ReadExpGolomb(7, MaxNames - 2, "the number of names less two") + 2];
        if (!indexed) reader.ReadAlignment();
        for (int i = 0; i < names.Length; i++)
            names[i] = indexed ? Resolve(ref reader, reader.ReadExpGolomb(7), references) : reader.ReadString("a tensor's name");
        if (indexed) reader.ReadAlignment();
        return names;
    }

    private static string Resolve(ref BitReader reader, long index, IReadOnlyList<string> references) => index < references.Count
        ? references[(int)index]
        : throw reader.Malformed($"the tensor's name is number {index} of a topology list that has {references.Count} names");

    private CompressedDataHeader ReadInputParameters(ref BitReader reader, bool secondEdition)
    {
        bool hasDimensions = reader.ReadFlag(); // 15
        bool hasGreaterFlagCount = reader.ReadFlag();
        var types = (ParameterTypes)reader.ReadBits(4);
        CompressedDataHeader header = this with { ParameterTypes = types };
        if (header.IsDecomposed) // 16
        {
            long rank = reader.ReadExpGolomb(3);
            header = header with { DecompositionRank = rank, LeftRowCount = reader.ReadExpGolomb(3) };
        }

        if (!hasDimensions) return header with { Unsupported = "dimensions that are not in the stream" };
        long[] dimensions = new long[reader.ReadExpGolomb(1, MaxRank, "the number of dimensions")]; // 17
        for (int i = 0; i < dimensions.Length; i++) dimensions[i] = reader.ReadExpGolomb(7);
        header = header with { Dimensions = dimensions };
        if (hasGreaterFlagCount) header = header with { GreaterFlagCount = (int)reader.ReadBits(8) + 1 }; // 18
        if (PayloadType == NncPayloadType.Block && header.IsDecomposed && Codebook is not null)
            header = header with { RightCodebook = CodebookSyntax.Read(ref reader) }; // 19
        if (dimensions.Length > 1)
        {
            if (secondEdition && reader.ReadExpGolomb(1) is long shift and not 0) // 20
                return header with { Unsupported = $"first_tensor_dimension_shift {shift}" };
            header = header.ReadScan(ref reader); // 21, 22
        }

        reader.ReadAlignment(); // 23
        return header;
    }

    private CompressedDataHeader ReadScan(ref BitReader reader)
    {
        int scan = (int)reader.ReadBits(4);
        if (scan > MaxScanOrder) throw reader.Malformed($"scan order {scan} is not defined, 0 to {MaxScanOrder} are");
        if (scan > 0)
        {
            foreach (long rowCount in ScannedRowCounts()) EntryPointSyntax.Skip(ref reader, EntryPointSyntax.CountFor(rowCount, scan), DependentQuantization);
        }

        return this with { ScanOrder = scan };
    }

    private IReadOnlyList<long> ScannedRowCounts()
    {
        if (!IsDecomposed) return [Dimensions[0]];
        if (PayloadType == NncPayloadType.Block) return [LeftRowCount, DecompositionRank];
        return [Names[0].EndsWith(FactorNames.Left, StringComparison.Ordinal) ? LeftRowCount : DecompositionRank];
    }
}
