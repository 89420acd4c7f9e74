using System.Globalization;
using Tersor.Engine.Kernels;

namespace Tersor.Bench.Opponents;

/// <summary>
/// <c>opponents [--models DIR] [--threads 2] [--seconds 2] [--rounds 3]</c>: the engine beside ONNX Runtime, PyTorch and the machine's peak, as a table of ratios.
/// <c>opponents --model FILE [--batch 32] ..</c>: one model's inference beside ONNX Runtime's. What is absent is named in its row.
/// </summary>
internal static class ContestCommand
{
    public const string Name = "opponents";

    private const int ProductSize = 1024;

    public static void Run(ReadOnlySpan<string> arguments)
    {
        string models = Option(arguments, "--models", ".");
        string model = Option(arguments, "--model", "");
        int batch = int.Parse(Option(arguments, "--batch", "32"), CultureInfo.InvariantCulture);
        int count = int.Parse(Option(arguments, "--threads", "2"), CultureInfo.InvariantCulture);
        double seconds = double.Parse(Option(arguments, "--seconds", "2"), CultureInfo.InvariantCulture);
        int rounds = int.Parse(Option(arguments, "--rounds", "3"), CultureInfo.InvariantCulture);
        using KernelThreads threads = new(count);
        Console.WriteLine($"Fastest runs in milliseconds, {count} threads.");
        Console.WriteLine();
        Console.WriteLine("| work | ours | opponent | theirs | ours / theirs | at most |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (Contest contest in model.Length > 0 ? [Inference(Path.GetFullPath(model), batch, count)] : Contests(models, count)) Console.WriteLine(contest.Run(threads, rounds, seconds));
    }

    private static IEnumerable<Contest> Contests(string models, int threads)
    {
        Action peak = EngineRuns.Peak(ProductSize, threads);
        yield return new Contest(
            $"matrix product, {ProductSize}^3", "peak of multiply-adds", 1 / 0.8, workers => EngineRuns.Product(ProductSize, workers), seconds => (FastestRun.Of(peak, seconds), null));
        foreach (string name in (string[])["resnet20", "resnet56", "squeezenet-v1.0-deep-compressed"])
            yield return Inference(Path.GetFullPath(Path.Combine(models, name + ".onnx")), 32, threads);

        foreach ((string name, int batch) in ((string, int)[])[("resnet20", 128), ("lenet5", 64)])
            yield return new Contest($"{name}, training step of {batch}", "PyTorch", 1, workers => EngineRuns.TrainingStep(name, batch, workers), seconds => Torch(name, batch, threads, seconds));
    }

    private static Contest Inference(string path, int batch, int threads) => new(
        $"{Path.GetFileNameWithoutExtension(path)}, inference of {batch}", "ONNX Runtime", 1.5,
        workers => EngineRuns.Inference(path, batch, workers), seconds => Runtime(path, batch, threads, seconds));

    private static (double Milliseconds, string? Problem) Runtime(string model, int batch, int threads, double seconds)
    {
        if (Environment.GetEnvironmentVariable("TERSOR_ONNXRUNTIME") is not { } packages)
            return (double.NaN, "TERSOR_ONNXRUNTIME does not name the folder of the onnxruntime-node package");
        return Measured(new OpponentScript("node", "onnxruntime.mjs", Path.GetFullPath(packages), model, $"{batch}", $"{threads}"), seconds);
    }

    private static (double Milliseconds, string? Problem) Torch(string network, int batch, int threads, double seconds) =>
        Measured(new OpponentScript(Environment.GetEnvironmentVariable("TERSOR_PYTHON") ?? "python3", "pytorch.py", network, $"{batch}", $"{threads}"), seconds);

    private static (double Milliseconds, string? Problem) Measured(OpponentScript script, double seconds) =>
        script.TryMeasure(seconds, out double milliseconds, out string problem) ? (milliseconds, null) : (double.NaN, problem);

    private static string Option(ReadOnlySpan<string> arguments, string name, string otherwise)
    {
        int at = arguments.IndexOf(name);
        return at >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : otherwise;
    }
}
