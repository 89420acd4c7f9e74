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
    RepresentationFormat Format, string Name, Func<int, int, string?> Refuse, Func<QuantizedMatrix, Representation> Create, Func<MatrixStatistics, long> SizeInBits, FormatEntry.Reading Read, ProductRates Rates)
{
    /// <summary>Reads the arrays of a matrix of a known shape.</summary>
    public delegate Representation Reading(ref RepresentationReader reader, int rows, int columns);

    public static IReadOnlyList<FormatEntry> All { get; } =
    [
        new(RepresentationFormat.Dense, "dense", (_, _) => null, DenseMatrix.Of, statistics => 32 * statistics.ElementCount, DenseMatrix.Read, new(0.34, 0, 0, 1.5, 0, 0)),
        Csr(RepresentationFormat.Csr32, "csr32", (_, _) => null, new(0, 0.5, 0, 0, 3.5, 0)),
        Csr(RepresentationFormat.Csr16, "csr16", (columns, _) => CsrMatrix.RefuseNarrow(columns), new(0, 0.38, 0, 0, 3.4, 0)),
        EntropyRows(RepresentationFormat.Cer, "cer", namesValues: false),
        EntropyRows(RepresentationFormat.Cser, "cser", namesValues: true),
        new(RepresentationFormat.RelativeIndices, "relative", (_, _) => null, RelativeIndexMatrix.Of, RelativeIndexMatrix.Bits, RelativeIndexMatrix.Read, new(0, 18, 0, 0, 22, 0)),
        new(RepresentationFormat.CodedCsr, "csr-codes", (_, values) => CodedCsrMatrix.Refuse(values), CodedCsrMatrix.Of, CodedCsrMatrix.Bits, CodedCsrMatrix.Read, new(0, 0.38, 0, 0, 4.6, 0)),
        Coded(RepresentationFormat.Codes, "codes", CodePacking.ForValues, new(0.06, 0, 0, 1.6, 0, 0)),
        Coded(RepresentationFormat.Binary, "binary", _ => CodePacking.Binary, new(0.06, 0, 0, 1.6, 0, 0)),
        Coded(RepresentationFormat.Ternary, "ternary", _ => CodePacking.Ternary, new(0.09, 0, 0, 1.7, 0, 0)),
    ];

    /// <summary>What a product takes, by a rule of thumb.</summary>
    public double Nanoseconds(MatrixStatistics statistics, int batch)
    {
        long entries = Format is RepresentationFormat.Csr16 or RepresentationFormat.Csr32 ? statistics.NonZeroCount : statistics.EntryCount;
        long groups = Format == RepresentationFormat.Cer ? statistics.PaddedGroupCount : statistics.GroupCount;
        return Rates.Nanoseconds(statistics, entries, groups, batch);
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
        rates);

    private static FormatEntry EntropyRows(RepresentationFormat format, string name, bool namesValues) => new(
        format,
        name,
        (_, _) => null,
        matrix => EntropyRowMatrix.Of(matrix, namesValues),
        statistics => EntropyRowMatrix.Bits(statistics, namesValues),
        (ref RepresentationReader reader, int rows, int columns) => EntropyRowMatrix.Read(ref reader, rows, columns, namesValues),
        new(0, 0.33, 9, 0, 3.3, 6));

    private static FormatEntry Coded(RepresentationFormat format, string name, Func<int, CodePacking> packing, ProductRates rates) => new(
        format,
        name,
        (_, values) => CodedMatrix.Refuse(packing(values), values),
        matrix => CodedMatrix.Of(matrix, packing(matrix.Values.Length)),
        statistics => CodedMatrix.Bits(statistics, packing(statistics.ValueCount)),
        (ref RepresentationReader reader, int rows, int columns) => CodedMatrix.Read(ref reader, rows, columns, packing),
        rates);
}
