using System.CommandLine;
using System.Runtime.InteropServices;
using Tersor.Bench.Engine;
using Tersor.Bench.Opponents;
using Tersor.Representations;

namespace Tersor.Bench.Representations;

/// <summary>Products of every form beside OpenBLAS, scipy and torch, turn by turn in one run, as Markdown; what is absent is named.</summary>
internal static class ProductContest
{
    private static readonly string[] Opponents = ["openblas", "scipy", "torch"];
    private static readonly int[] Batches = [1, 64];

    public static Command Create()
    {
        ContestOptions options = new(threads: 1, seconds: 1);
        Command command = new("representations", "Products of every form beside OpenBLAS, scipy and torch (TERSOR_PYTHON names an interpreter).");
        options.AddTo(command);
        command.SetAction(parse => Run(options.Threads(parse), options.Seconds(parse), options.Rounds(parse)));
        return command;
    }

    private static void Run(int threads, double seconds, int rounds)
    {
        double bandwidth = ReadBandwidth(threads);
        Console.WriteLine($"Fastest runs, {threads} {(threads == 1 ? "thread" : "threads")}, {Processor()}. Memory is read at {bandwidth:F1} GB/s; what fits the caches comes faster.");
        string folder = Directory.CreateTempSubdirectory("tersor-products").FullName;
        try
        {
            foreach (BenchmarkMatrix matrix in BenchmarkMatrix.All)
            {
                QuantizedMatrix weights = matrix.Make();
                float[] values = new float[matrix.Rows * matrix.Columns];
                weights.CopyTo(values);
                string file = Path.Combine(folder, "weights.f32");
                File.WriteAllBytes(file, MemoryMarshal.AsBytes<float>(values));
                foreach (int batch in Batches) Contest(matrix, weights, file, batch, threads, seconds, rounds, bandwidth);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Contest(BenchmarkMatrix matrix, QuantizedMatrix weights, string file, int batch, int threads, double seconds, int rounds, double bandwidth)
    {
        string what = batch == 1 ? "a vector" : $"{batch} columns";
        Console.WriteLine();
        Console.WriteLine($"**{matrix.Name}**, {matrix.Rows} x {matrix.Columns}, {matrix.Density:P0} not zero, {matrix.ValueCount} values, with {what}:");
        Console.WriteLine();
        float[] columns = KernelData.Values(matrix.Columns * batch, 1);
        float[] products = new float[matrix.Rows * batch];
        List<(Representation Form, Action Run)> forms = [];
        foreach (RepresentationFormat format in RepresentationFormats.All)
        {
            if (weights.Measure().SizeInBits(format) is null) continue;
            Representation form = Representation.Create(weights, format);
            forms.Add((form, () => form.MultiplyColumns(columns, batch, products, threads)));
        }

        double[] ours = [.. forms.Select(_ => double.PositiveInfinity)];
        double[] theirs = [.. Opponents.Select(_ => double.PositiveInfinity)];
        string?[] problems = new string?[Opponents.Length];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < Opponents.Length; i++)
            {
                OpponentScript script = new(
                    Environment.GetEnvironmentVariable("TERSOR_PYTHON") ?? "python3", "products.py", Opponents[i], file, $"{matrix.Rows}", $"{matrix.Columns}", $"{batch}", $"{threads}");
                if (problems[i] is not null) continue;
                if (script.TryMeasure(seconds, out double milliseconds, out string problem)) theirs[i] = Math.Min(theirs[i], milliseconds);
                else (theirs[i], problems[i]) = (double.NaN, problem);
            }

            for (int i = 0; i < forms.Count; i++) ours[i] = Math.Min(ours[i], FastestRun.Of(forms[i].Run, seconds / 2));
        }

        Console.WriteLine("| form | bytes | ms | at least by memory, ms | faster than OpenBLAS | than scipy's CSR | than torch's CSR |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        for (int i = 0; i < Opponents.Length; i++) Console.WriteLine($"| {Opponents[i]} | | {Outcome(theirs[i], problems[i])} | | | | |");
        for (int i = 0; i < forms.Count; i++)
        {
            double bytes = forms[i].Form.ResidentBytes;
            string ratios = string.Join(" | ", theirs.Select(milliseconds => double.IsFinite(milliseconds) ? $"{milliseconds / ours[i]:F2}x" : ""));
            Console.WriteLine($"| {forms[i].Form.Format.Name()} | {bytes:N0} | {ours[i]:F3} | {bytes / bandwidth / 1e6:F3} | {ratios} |");
        }
    }

    private static string Outcome(double milliseconds, string? problem) => problem is null ? $"{milliseconds:F3}" : $"not measured: {problem}";

    // Far more than the caches hold, summed up.
    private static double ReadBandwidth(int threads)
    {
        const int Length = 128 << 20;
        const int Parts = 64;
        float[] values = new float[Length];
        Array.Fill(values, 1f);
        float[] sums = new float[Parts];
        double milliseconds = FastestRun.Of(
            () => Parallel.For(0, Parts, new ParallelOptions { MaxDegreeOfParallelism = threads }, part => sums[part] = System.Numerics.Tensors.TensorPrimitives.Sum(values.AsSpan(part * (Length / Parts), Length / Parts))),
            3);
        return sizeof(float) * (double)Length / milliseconds / 1e6;
    }

    // Gathers and memory differ so much from one to the next that times say little without it.
    private static string Processor()
    {
        const string Info = "/proc/cpuinfo";
        string[] lines = File.Exists(Info) ? File.ReadAllLines(Info) : [];
        return $"processor {Field("model name")} (family {Field("cpu family")}, model {Field("model\t")})";

        string Field(string name) => lines.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
    }
}
