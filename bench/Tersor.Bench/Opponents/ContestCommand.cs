using System.CommandLine;
using Tersor.Engine.Kernels;

namespace Tersor.Bench.Opponents;

/// <summary>The engine beside ONNX Runtime, PyTorch and the machine's peak, as a table of ratios; what is absent is named in its row.</summary>
internal static class ContestCommand
{
    private const int ProductSize = 1024;

    public static Command Create()
    {
        Option<DirectoryInfo> models = new("--models") { Description = "Where the collected models are.", DefaultValueFactory = _ => new DirectoryInfo(".") };
        Option<FileInfo?> model = new("--model") { Description = "This model's inference beside ONNX Runtime's, and nothing else." };
        Option<int> batch = new("--batch") { Description = "Samples at once, for --model.", DefaultValueFactory = _ => 32 };
        ContestOptions options = new(threads: 2, seconds: 2);
        Command command = new("opponents", "The engine beside ONNX Runtime (TERSOR_ONNXRUNTIME names its folder), PyTorch (TERSOR_PYTHON names an interpreter) and the machine's peak.") { models, model, batch };
        options.AddTo(command);
        command.SetAction(parse =>
        {
            int count = options.Threads(parse);
            string? one = parse.GetValue(model)?.FullName;
            Run(one is null ? Contests(parse.GetValue(models)!.FullName, count) : [Inference(one, parse.GetValue(batch), count)], count, options.Rounds(parse), options.Seconds(parse));
        });
        return command;
    }

    private static void Run(IEnumerable<Contest> contests, int count, int rounds, double seconds)
    {
        using KernelThreads threads = new(count);
        Console.WriteLine($"Fastest runs in milliseconds, {count} threads.");
        Console.WriteLine();
        Console.WriteLine("| work | ours | opponent | theirs | ours / theirs | at most |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (Contest contest in contests) Console.WriteLine(contest.Run(threads, rounds, seconds));
    }

    private static IEnumerable<Contest> Contests(string models, int threads)
    {
        Action peak = EngineRuns.Peak(ProductSize, threads);
        yield return new Contest(
            $"matrix product, {ProductSize}^3", "peak of multiply-adds", 1 / 0.8, workers => EngineRuns.Product(ProductSize, workers), seconds => (FastestRun.Of(peak, seconds), null));
        foreach (string name in (string[])["resnet20", "resnet56", "squeezenet-v1.0-deep-compressed"])
            yield return Inference(Path.Combine(models, name + ".onnx"), 32, threads);

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
}
