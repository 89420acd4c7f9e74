using System.Globalization;

namespace Tersor.Representations;

/// <summary>Picks the form that suits a matrix.</summary>
public static class RepresentationChooser
{
    // Times are a rule of thumb: among those so near to the best, the smaller form is.
    private const double SameTime = 1.1;

    /// <summary>Compares all formats that can hold a matrix.</summary>
    /// <param name="statistics">Of the matrix: <see cref="QuantizedMatrix.Measure"/>, or <see cref="MatrixStatistics.Model"/> of entropy, sparsity and shape.</param>
    /// <param name="goal">What matters.</param>
    /// <param name="batch">Columns that are multiplied at once, at least 1; matters for speed only.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch is less than 1.</exception>
    public static RepresentationChoice Choose(MatrixStatistics statistics, RepresentationGoal goal, int batch = 1)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        List<RepresentationCandidate> candidates = [];
        foreach (FormatEntry entry in FormatEntry.All)
        {
            if (statistics.SizeInBits(entry.Format) is { } bits) candidates.Add(new(entry.Format, bits, entry.Nanoseconds(statistics, bits, batch)));
        }

        double fastest = candidates.Min(candidate => candidate.Nanoseconds);
        IEnumerable<RepresentationCandidate> ordered = goal == RepresentationGoal.Smallest
            ? candidates.OrderBy(candidate => candidate.SizeInBits).ThenBy(candidate => candidate.Nanoseconds)
            : candidates.OrderBy(candidate => candidate.Nanoseconds <= fastest * SameTime ? 0 : candidate.Nanoseconds).ThenBy(candidate => candidate.SizeInBits);
        RepresentationCandidate[] ranked = [.. ordered];
        return new RepresentationChoice(ranked[0].Format, Explain(statistics, goal, batch, ranked), ranked);
    }

    private static string Explain(MatrixStatistics statistics, RepresentationGoal goal, int batch, RepresentationCandidate[] ranked)
    {
        RepresentationCandidate best = ranked[0];
        string products = batch == 1 ? "a product with a vector" : $"a product with {batch} columns";
        string dense = Ratio((double)(32 * statistics.ElementCount) / Math.Max(1, best.SizeInBits));
        string next = ranked.Length < 2 ? "" : goal == RepresentationGoal.Smallest
            ? $"; next is {ranked[1].Format.Name()} with {Bytes(ranked[1])}"
            : $"; next is {ranked[1].Format.Name()} with {Time(ranked[1])}";
        string speed = goal == RepresentationGoal.Fastest ? $", and about {Time(best)} for {products}" : "";
        return $"{best.Format.Name()}: {Bytes(best)}, {dense} smaller than dense{speed}, since {Cause(statistics, best.Format)}{next}";
    }

    private static string Cause(MatrixStatistics statistics, RepresentationFormat format)
    {
        string share = statistics.CommonShare.ToString("P1", CultureInfo.InvariantCulture);
        return format switch
        {
            RepresentationFormat.Dense => $"its {statistics.ValueCount:N0} values repeat too little for any other form",
            RepresentationFormat.Csr32 or RepresentationFormat.Csr16 => $"{Share(statistics.NonZeroCount, statistics)} of the elements differ from zero",
            RepresentationFormat.Cer or RepresentationFormat.Cser =>
                $"{share} of the elements are one value and the others repeat {Ratio(statistics.EntryCount / Math.Max(1.0, statistics.GroupCount))} in their rows",
            RepresentationFormat.RelativeIndices or RepresentationFormat.CodedCsr => $"{share} of the elements are one value and there are {statistics.ValueCount - 1:N0} others",
            _ => $"{share} of the elements are the most frequent of only {statistics.ValueCount:N0} values",
        };
    }

    private static string Share(long count, MatrixStatistics statistics) => (count / Math.Max(1.0, statistics.ElementCount)).ToString("P1", CultureInfo.InvariantCulture);

    private static string Ratio(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:F1}x");

    private static string Bytes(RepresentationCandidate candidate) => string.Create(CultureInfo.InvariantCulture, $"{candidate.SizeInBits / 8:N0} bytes");

    private static string Time(RepresentationCandidate candidate) => string.Create(CultureInfo.InvariantCulture, $"{candidate.Nanoseconds / 1000:F1} us");
}
