using Tersor.Representations;

namespace Tersor.Experiments.Representations;

/// <summary>Storage, operations, energy and time of all layers of a network in every form.</summary>
internal static class ComparisonTable
{
    private static readonly RepresentationFormat[] Compared =
    [
        RepresentationFormat.Dense, RepresentationFormat.Csr32, RepresentationFormat.Csr16, RepresentationFormat.Cer, RepresentationFormat.Cser,
        RepresentationFormat.RelativeIndices, RepresentationFormat.CodedCsr, RepresentationFormat.Codes,
    ];

    public static void Print(string title, IEnumerable<NamedMatrix> layers)
    {
        IReadOnlyList<NamedMatrix> matrices = [.. layers];
        Console.WriteLine($"### {title}");
        Console.WriteLine();
        double elements = matrices.Sum(matrix => (double)matrix.Weights.Rows * matrix.Weights.Columns);
        double entropy = matrices.Sum(matrix => matrix.Weights.Measure().EntropyBits * matrix.Weights.Rows * matrix.Weights.Columns) / elements;
        double zeros = matrices.Sum(matrix => (double)matrix.Weights.Rows * matrix.Weights.Columns - matrix.Weights.Measure().NonZeroCount) / elements;
        Console.WriteLine($"{matrices.Count} matrices, {elements:N0} weights, entropy {entropy:F2} bits, {zeros:P1} zeros.");
        Console.WriteLine();
        Console.WriteLine("| form | bytes | smaller | loads, M | multiplications, M | additions, M | energy, uJ | less energy | vector, ms | 64 columns, ms |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        Totals? dense = null;
        foreach (RepresentationFormat format in Compared)
        {
            if (matrices.Any(matrix => matrix.Weights.Measure().SizeInBits(format) is null)) continue;
            Totals totals = Measure(matrices, format);
            dense ??= totals;
            Console.WriteLine(
                $"| {format.Name()} | {totals.Bytes:N0} | {(double)dense.Bytes / totals.Bytes:F2}x | {totals.Loads / 1e6:F2} | {totals.Multiplications / 1e6:F2} | {totals.Additions / 1e6:F2} | {totals.Picojoules / 1e6:F1} | {dense.Picojoules / totals.Picojoules:F1}x | {totals.VectorMilliseconds:F2} | {totals.BatchMilliseconds:F2} |");
        }

        RepresentationFormat[] best = [.. matrices.Select(matrix => RepresentationChooser.Choose(matrix.Weights.Measure(), RepresentationGoal.Smallest).Format)];
        long chosen = matrices.Zip(best, (matrix, format) => matrix.Weights.Measure().SizeInBits(format)!.Value / 8).Sum();
        string forms = string.Join(", ", best.GroupBy(format => format).OrderByDescending(group => group.Count()).Select(group => $"{group.Key.Name()} {group.Count()}"));
        Console.WriteLine($"| the smallest of each ({forms}) | {chosen:N0} | {(double)dense!.Bytes / chosen:F2}x | | | | | | | |");
        Console.WriteLine();
    }

    private static Totals Measure(IReadOnlyList<NamedMatrix> matrices, RepresentationFormat format)
    {
        Totals totals = new();
        foreach (NamedMatrix matrix in matrices)
        {
            Representation representation = Representation.Create(matrix.Weights, format);
            ProductCost cost = representation.Describe();
            totals.Bytes += representation.ResidentBytes;
            totals.Loads += cost.Loads;
            totals.Multiplications += cost.Multiplications;
            totals.Additions += cost.Additions;
            totals.Picojoules += cost.EnergyInPicojoules;
            ProductTiming timing = new(representation);
            totals.VectorMilliseconds += timing.VectorMilliseconds;
            totals.BatchMilliseconds += timing.BatchMilliseconds;
        }

        return totals;
    }

    private sealed class Totals
    {
        public long Bytes { get; set; }

        public double Loads { get; set; }

        public double Multiplications { get; set; }

        public double Additions { get; set; }

        public double Picojoules { get; set; }

        public double VectorMilliseconds { get; set; }

        public double BatchMilliseconds { get; set; }
    }
}
