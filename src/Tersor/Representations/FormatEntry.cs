using Tersor.Representations.Kernels;

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
    // Tables of more values do not stay in registers.
    private const int RegisterValues = 32;

    /// <summary>Reads the arrays of a matrix of a known shape.</summary>
    public delegate Representation Reading(ref RepresentationReader reader, int rows, int columns);

    public static IReadOnlyList<FormatEntry> All { get; } =
    [
        new(RepresentationFormat.Dense, "dense", (_, _) => null, DenseMatrix.Of, statistics => 32 * statistics.ElementCount, DenseMatrix.Read, _ => new(0.072, 0, 0, 1.07, 0, 78)),
        Csr(RepresentationFormat.Csr32, "csr32", (_, _) => null, new(0, 0.29, 4, 0, 2.75, 39)),
        Csr(RepresentationFormat.Csr16, "csr16", (columns, _) => CsrMatrix.RefuseNarrow(columns), new(0, 0.27, 5, 0, 2.7, 38)),
        EntropyRows(RepresentationFormat.Cer, "cer", namesValues: false),
        EntropyRows(RepresentationFormat.Cser, "cser", namesValues: true),
        new(RepresentationFormat.RelativeIndices, "relative", (_, _) => null, RelativeIndexMatrix.Of, RelativeIndexMatrix.Bits, RelativeIndexMatrix.Read, _ => new(0, 10.5, 0, 0, 13, 36)),
        new(RepresentationFormat.CodedCsr, "csr-codes", (_, values) => CodedCsrMatrix.Refuse(values), CodedCsrMatrix.Of, CodedCsrMatrix.Bits, CodedCsrMatrix.Read, CodedCsrRates),
        Coded(RepresentationFormat.Codes, "codes", CodePacking.ForValues, InRegister),
        Coded(RepresentationFormat.Binary, "binary", _ => CodePacking.Binary, InRegister),
        Coded(RepresentationFormat.Ternary, "ternary", _ => CodePacking.Ternary, new(0.066, 0, 15, 1.18, 0, 160)),
    ];

    private static ProductRates InRegister => new(0.035, 0, 11, 1.2, 0, 97);

    // Of sixty-four bytes permuted at once, or of as many gathers.
    private static ProductRates InMemory => new(BytePlanes.IsSupported ? 0.16 : 0.29, 0, 11, 1.3, 0, 120);

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
        statistics => EntropyRowMatrix.TakesGaps(statistics) ? new(0, 0.57, 5, 0, 3.1, 20) : new(0, 0.3, 5.6, 0, 2.75, 8));

    private static ProductRates CodedCsrRates(MatrixStatistics statistics) => statistics.ValueCount - 1 > RegisterValues ? new(0, 0.58, 26, 0, 3.5, 62) : new(0, 0.27, 18, 0, 3.5, 65);

    private static FormatEntry Coded(RepresentationFormat format, string name, Func<int, CodePacking> packing, ProductRates rates) => new(
        format,
        name,
        (_, values) => CodedMatrix.Refuse(packing(values), values),
        matrix => CodedMatrix.Of(matrix, packing(matrix.Values.Length)),
        statistics => CodedMatrix.Bits(statistics, packing(statistics.ValueCount)),
        (ref RepresentationReader reader, int rows, int columns) => CodedMatrix.Read(ref reader, rows, columns, packing),
        statistics => statistics.ValueCount > RegisterValues ? InMemory : rates);
}
