namespace Tersor.Representations;

/// <summary>What there is to know about a format beside its matrices. A format is added by adding its file and a line here.</summary>
/// <param name="Format">Which one.</param>
/// <param name="Name">What commands and reports call it.</param>
/// <param name="Refuse">Why it cannot hold a matrix of so many columns and different values; null where it can.</param>
/// <param name="Create">Makes its form of a matrix.</param>
internal sealed record FormatEntry(
    RepresentationFormat Format, string Name, Func<int, int, string?> Refuse, Func<QuantizedMatrix, Representation> Create)
{
    public static IReadOnlyList<FormatEntry> All { get; } =
    [
        new(RepresentationFormat.Dense, "dense", (_, _) => null, DenseMatrix.Of),
        new(RepresentationFormat.Csr32, "csr32", (_, _) => null, matrix => CsrMatrix.Of(matrix, RepresentationFormat.Csr32)),
        new(RepresentationFormat.Csr16, "csr16", CsrMatrix.RefuseNarrow, matrix => CsrMatrix.Of(matrix, RepresentationFormat.Csr16)),
        new(RepresentationFormat.Cer, "cer", (_, _) => null, matrix => EntropyRowMatrix.Of(matrix, namesValues: false)),
        new(RepresentationFormat.Cser, "cser", (_, _) => null, matrix => EntropyRowMatrix.Of(matrix, namesValues: true)),
        new(RepresentationFormat.CodedCsr, "csr-codes", CodedCsrMatrix.Refuse, CodedCsrMatrix.Of),
        new(RepresentationFormat.Codes, "codes", (_, values) => CodedMatrix.Refuse(new CodePacking(1), values), matrix => CodedMatrix.Of(matrix, CodePacking.ForValues(matrix.Values.Length))),
        new(RepresentationFormat.Binary, "binary", (_, values) => CodedMatrix.Refuse(new CodePacking(8), values), matrix => CodedMatrix.Of(matrix, new CodePacking(8))),
        new(RepresentationFormat.Ternary, "ternary", (_, values) => CodedMatrix.Refuse(new CodePacking(5), values), matrix => CodedMatrix.Of(matrix, new CodePacking(5))),
    ];

    /// <summary>The entry of a format.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such format.</exception>
    public static FormatEntry Of(RepresentationFormat format) =>
        All.FirstOrDefault(entry => entry.Format == format) ?? throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such format.");
}
