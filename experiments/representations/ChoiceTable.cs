using Tersor.Representations;

namespace Tersor.Experiments.Representations;

/// <summary>What the chooser costs: on a grid of matrices, the form that it takes for the fastest beside the one that is, and the rates that measured times come to.</summary>
internal static class ChoiceTable
{
    private static readonly (int Rows, int Columns)[] Shapes = [(64, 576), (300, 784), (1000, 4096), (4096, 4096)];
    private static readonly double[] Densities = [0.02, 0.09, 0.25, 0.5, 0.9];
    private static readonly int[] ValueCounts = [3, 16, 64];

    public static void Print()
    {
        WarmUp();
        List<Measured> all = [];
        Console.WriteLine("| matrix | zeros | values | with | fastest | ms | chosen | ms | times the fastest |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        List<double> costs = [];
        ulong seed = 1;
        foreach ((int rows, int columns) in Shapes)
        {
            foreach (double density in Densities)
            {
                foreach (int values in ValueCounts)
                {
                    QuantizedMatrix matrix = SyntheticMatrices.Make(rows, columns, density, values, seed++);
                    MatrixStatistics statistics = matrix.Measure();
                    List<Measured> here = [.. RepresentationFormats.All.Where(format => format.CanHold(matrix)).Select(format => Measure(matrix, statistics, format))];
                    all.AddRange(here);
                    foreach (int batch in (int[])[1, ProductTiming.Batch])
                    {
                        Measured fastest = here.MinBy(measured => measured.Milliseconds(batch))!;
                        Measured chosen = here.Single(measured => measured.Format == RepresentationChooser.Choose(statistics, RepresentationGoal.Fastest, batch).Format);
                        costs.Add(chosen.Milliseconds(batch) / fastest.Milliseconds(batch));
                        string with = batch == 1 ? "a vector" : $"{batch} columns";
                        Console.WriteLine(
                            $"| {rows} x {columns} | {1 - density:P0} | {values} | {with} | {fastest.Format.Name()} | {fastest.Milliseconds(batch):F4} | {chosen.Format.Name()} | {chosen.Milliseconds(batch):F4} | {costs[^1]:F2} |");
                    }
                }
            }
        }

        costs.Sort();
        Console.WriteLine();
        Console.WriteLine($"In {costs.Count} choices: the fastest form or one within a tenth of it {costs.Count(cost => cost <= 1.1)} times; median {costs[costs.Count / 2]:F2}, nine of ten at most {costs[costs.Count * 9 / 10]:F2}, worst {costs[^1]:F2} times the fastest.");
        Console.WriteLine();
        Console.WriteLine("| form | ns for each element | entry | group | with 64 columns: element | entry | group |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (IGrouping<string, Measured> form in all.GroupBy(measured => measured.Form))
        {
            double[] vector = Fit([.. form], 1);
            double[] panel = Fit([.. form], ProductTiming.Batch);
            Console.WriteLine($"| {form.Key} | {vector[0]:F3} | {vector[1]:F3} | {vector[2]:F2} | {panel[0]:F3} | {panel[1]:F3} | {panel[2]:F2} |");
        }
    }

    // Every kernel is compiled to the end before it is timed.
    private static void WarmUp()
    {
        foreach (int values in ValueCounts)
        {
            QuantizedMatrix matrix = SyntheticMatrices.Make(300, 784, 0.25, values, seed: 0);
            MatrixStatistics statistics = matrix.Measure();
            foreach (RepresentationFormat format in RepresentationFormats.All.Where(format => format.CanHold(matrix))) Measure(matrix, statistics, format);
        }
    }

    private static Measured Measure(QuantizedMatrix matrix, MatrixStatistics statistics, RepresentationFormat format)
    {
        Representation representation = Representation.Create(matrix, format);
        bool isOfManyValues = (format is RepresentationFormat.Codes or RepresentationFormat.CodedCsr) && matrix.Values.Length > 33;
        bool hasGaps = format is RepresentationFormat.Cer or RepresentationFormat.Cser && matrix.Columns > 256 && representation.Arrays.Single(array => array.Name == "colI").BitsPerElement == 8;
        ProductTiming timing = new(representation);
        return new Measured(format, hasGaps ? $"{format.Name()} of gaps" : isOfManyValues ? $"{format.Name()} of many values" : format.Name(), statistics, representation.ResidentBytes, timing.VectorMilliseconds, timing.BatchMilliseconds);
    }

    // Rates, none negative, of least squared relative error: one after the other is set to its best until nothing changes.
    private static double[] Fit(IReadOnlyList<Measured> measured, int batch)
    {
        double[] rates = new double[3];
        for (int pass = 0; pass < 2000; pass++)
        {
            for (int i = 0; i < rates.Length; i++)
            {
                (double top, double bottom) = (0, 0);
                foreach (Measured one in measured)
                {
                    double time = 1e6 * one.Milliseconds(batch);
                    double[] counts = one.Counts;
                    double rest = time - one.MemoryNanoseconds - (rates[0] * counts[0]) - (rates[1] * counts[1]) - (rates[2] * counts[2]) + (rates[i] * counts[i]);
                    top += counts[i] * rest / (time * time);
                    bottom += counts[i] * counts[i] / (time * time);
                }

                rates[i] = bottom > 0 ? Math.Max(0, top / bottom) : 0;
            }
        }

        return rates;
    }

    private sealed record Measured(RepresentationFormat Format, string Form, MatrixStatistics Statistics, long Bytes, double Vector, double Panel)
    {
        // What the form's rates are of: forms that store all elements have no entries, forms without groups have rows.
        public double[] Counts => Format switch
        {
            RepresentationFormat.Dense or RepresentationFormat.Codes or RepresentationFormat.Binary or RepresentationFormat.Ternary => [Statistics.ElementCount, 0, Statistics.Rows],
            RepresentationFormat.Csr16 or RepresentationFormat.Csr32 => [0, Statistics.NonZeroCount, Statistics.Rows],
            RepresentationFormat.Cer => [0, Statistics.EntryCount, Statistics.PaddedGroupCount],
            RepresentationFormat.Cser => [0, Statistics.EntryCount, Statistics.GroupCount],
            _ => [0, Statistics.EntryCount, Statistics.Rows],
        };

        // As the chooser has it: of the bytes beyond 16 MiB.
        public double MemoryNanoseconds => Math.Max(0, Bytes - (16 << 20)) * 0.06;

        public double Milliseconds(int batch) => batch == 1 ? Vector : Panel;
    }
}
