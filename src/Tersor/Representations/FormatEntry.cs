namespace Tersor.Representations;

/// <summary>What there is to know about a format beside its matrices. A format is added by adding its file and a line here.</summary>
/// <param name="Format">Which one.</param>
/// <param name="Name">What commands and reports call it.</param>
/// <param name="Refuse">Why it cannot hold a matrix of so many columns and different values; null where it can.</param>
/// <param name="Create">Makes its form of a matrix.</param>
/// <param name="SizeInBits">Bits that it takes.</param>
/// <param name="Read">Reads its arrays, which follow the header.</param>
/// <param name="Rates">What its products take.</param>
internal sealed record FormatEntry(
    RepresentationFormat Format, string Name, Func<int, int, string?> Refuse, Func<QuantizedMatrix, Representation> Create, Func<MatrixStatistics, long> SizeInBits, FormatEntry.Reading Read, Func<MatrixStatistics, ProductRates> Rates)
{
    // Tables of more values are gathered from, not permuted.
    private const int RegisterValues = 16;
    private const double GatheredElement = 0.29;

    /// <summary>Reads the arrays of a matrix of a known shape.</summary>
    public delegate Representation Reading(ref RepresentationReader reader, int rows, int columns);

    public static IReadOnlyList<FormatEntry> All { get; } =
    [
        new(RepresentationFormat.Dense, "dense", (_, _) => null, DenseMatrix.Of, statistics => 32 * statistics.ElementCount, DenseMatrix.Read, _ => new(0.11, 0, 0, 1.04, 0, 208)),
        Csr(RepresentationFormat.Csr32, "csr32", (_, _) => null, new(0, 0.35, 9, 0, 3.05, 93)),
        Csr(RepresentationFormat.Csr16, "csr16", (columns, _) => CsrMatrix.RefuseNarrow(columns), new(0, 0.33, 10, 0, 3.05, 91)),
        EntropyRows(RepresentationFormat.Cer, "cer", namesValues: false),
        EntropyRows(RepresentationFormat.Cser, "cser", namesValues: true),
        new(RepresentationFormat.RelativeIndices, "relative", (_, _) => null, RelativeIndexMatrix.Of, RelativeIndexMatrix.Bits, RelativeIndexMatrix.Read, _ => new(0, 16, 18, 0, 20, 122)),
        new(RepresentationFormat.CodedCsr, "csr-codes", (_, values) => CodedCsrMatrix.Refuse(values), CodedCsrMatrix.Of, CodedCsrMatrix.Bits, CodedCsrMatrix.Read, _ => new(0, 0.31, 18, 0, 4.7, 100)),
        Coded(RepresentationFormat.Codes, "codes", CodePacking.ForValues, InRegister),
        Coded(RepresentationFormat.Binary, "binary", _ => CodePacking.Binary, InRegister),
        Coded(RepresentationFormat.Ternary, "ternary", _ => CodePacking.Ternary, new(0.106, 0, 20, 1.37, 0, 275)),
    ];

    private static ProductRates InRegister => new(0.055, 0, 18, 1.4, 0, 202);

    /// <summary>What a product takes, by a rule of thumb.</summary>
    /// <param name="statistics">Of the matrix.</param>
    /// <param name="bits">What it takes in this format.</param>
    /// <param name="batch">Columns that are multiplied at once.</param>
    public double Nanoseconds(MatrixStatistics statistics, long bits, int batch)
    {
        long entries = Format is RepresentationFormat.Csr16 or RepresentationFormat.Csr32 ? statistics.NonZeroCount : statistics.EntryCount;
        long groups = Format switch
        {
            RepresentationFormat.Cer => statistics.PaddedGroupCount,
            RepresentationFormat.Cser => statistics.GroupCount,
            _ => statistics.Rows,
        };
        return Rates(statistics).Nanoseconds(statistics, entries, groups, bits, batch);
    }

    /// <summary>The entry of a format.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such format.</exception>
    public static FormatEntry Of(RepresentationFormat format) =>
        All.FirstOrDefault(entry => entry.Format == format) ?? throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such format.");

    private static FormatEntry Csr(RepresentationFormat format, string name, Func<int, int, string?> refuse, ProductRates rates) => new(
        format,
        name,
        refuse,
        matrix => CsrMatrix.Of(matrix, format),
        statistics => CsrMatrix.Bits(statistics, format),
        (ref RepresentationReader reader, int rows, int columns) => CsrMatrix.Read(ref reader, rows, columns, format),
        _ => rates);

    private static FormatEntry EntropyRows(RepresentationFormat format, string name, bool namesValues) => new(
        format,
        name,
        (_, _) => null,
        matrix => EntropyRowMatrix.Of(matrix, namesValues),
        statistics => EntropyRowMatrix.Bits(statistics, namesValues),
        (ref RepresentationReader reader, int rows, int columns) => EntropyRowMatrix.Read(ref reader, rows, columns, namesValues),
        statistics => EntropyRowMatrix.TakesGaps(statistics) ? new(0, 0.62, 8, 0, 3.6, 22) : new(0, 0.48, 10, 0, 3.4, 16));

    private static FormatEntry Coded(RepresentationFormat format, string name, Func<int, CodePacking> packing, ProductRates rates) => new(
        format,
        name,
        (_, values) => CodedMatrix.Refuse(packing(values), values),
        matrix => CodedMatrix.Of(matrix, packing(matrix.Values.Length)),
        statistics => CodedMatrix.Bits(statistics, packing(statistics.ValueCount)),
        (ref RepresentationReader reader, int rows, int columns) => CodedMatrix.Read(ref reader, rows, columns, packing),
        statistics => statistics.ValueCount > RegisterValues ? rates with { Element = GatheredElement } : rates);
}
