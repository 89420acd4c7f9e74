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
    ];

    /// <summary>The entry of a format.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such format.</exception>
    public static FormatEntry Of(RepresentationFormat format) =>
        All.FirstOrDefault(entry => entry.Format == format) ?? throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such format.");
}
