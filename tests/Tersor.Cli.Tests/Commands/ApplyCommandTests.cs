using System.Text.Json;
using Tersor.Compression.Recipes;
using Tersor.Models;

namespace Tersor.Cli.Tests.Commands;

public sealed class ApplyCommandTests : IDisposable
{
    private static readonly string Digits = RepositoryFile.Find("samples/lenet5-digits.onnx");
    private static readonly string[] Few = ["--data", "digits:600,200"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Apply_PrunesTrainsAndCompresses_AndSaysWhatCameOfIt()
    {
        string recipe = Write(
            """
            steps:
              - prune: {sparsity: 0.9, layers: {conv1: 0.3}, train: {epochs: 1, learning-rate: 0.02}}
              - quantize: {bits: 4, train: {epochs: 1}}
              - compress: {lossless: true, topology: none}
            """);

        TersorRun run = (await Apply(recipe, "out.nnc", "--json")).Succeeds();

        JsonElement report = JsonDocument.Parse(run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        Assert.Equal("tersor.apply", report.GetProperty("schema").GetString());
        Assert.Equal(["prune", "quantize"], report.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("transform").GetString()));
        Assert.True(report.GetProperty("steps")[1].GetProperty("nonZero").GetInt64() < 60_000);
        long bytes = new FileInfo(_folder["out.nnc"]).Length;
        Assert.InRange(bytes, 1, 60_000);
        Assert.Equal(bytes, report.GetProperty("compression").GetProperty("totals").GetProperty("bytes").GetInt64());
        Assert.InRange(report.GetProperty("test").GetProperty("top1").GetDouble(), 0.9, 1);
        Assert.InRange(report.GetProperty("test").GetProperty("originalTop1").GetDouble(), 0.99, 1);
        Assert.Equal(["out.nnc", "recipe.yaml"], _folder.FileNames.Order(StringComparer.Ordinal));
        Assert.Equal([recipe, Digits], Paths(report, "inputs"));
        Assert.Equal([_folder["out.nnc"]], Paths(report, "outputs"));
        (await TersorRun.Of("verify", _folder["out.nnc"])).Succeeds();
    }

    [Fact]
    public async Task Apply_ToTheSmallerContainer_AddsTheEnding_AndJudgesThatFile()
    {
        string recipe = Write("steps: [prune: {sparsity: 0.9}, share: {clusters: 16}, compress: {lossless: true, container: smaller}]");

        TersorRun run = (await Apply(recipe, "out", "--json", "-q")).Succeeds();

        JsonElement report = JsonDocument.Parse(run.Out).RootElement;
        JsonElement container = report.GetProperty("compression").GetProperty("container");
        string kept = "out." + container.GetProperty("chosen").GetString();
        Assert.Equal([kept, "recipe.yaml"], _folder.FileNames.Order(StringComparer.Ordinal));
        Assert.Equal(new FileInfo(_folder[kept]).Length, Math.Min(container.GetProperty("nncBytes").GetInt64(), container.GetProperty("dczBytes").GetInt64()));
        Assert.True(report.GetProperty("test").GetProperty("top1").GetDouble() > 0);

        // What went in, each once; the network between the steps is neither.
        Assert.Equal([recipe, Digits], Paths(report, "inputs"));
        Assert.Equal([_folder[kept]], Paths(report, "outputs"));
        TersorRun refused = await Apply(recipe, "out.nnc");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("decides the ending, which says nnc", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_WithoutCompress_WritesOnnxThatRemembersItsZeros()
    {
        (await Apply(Write("steps: [prune: {sparsity: 0.5}]"), "out.onnx", "-q")).Succeeds();

        using Model model = ModelFormats.Open(_folder["out.onnx"]);
        float[] weights = model.Find("fc1.weight")!.ReadSingles();
        Assert.Equal(weights.Length / 2, weights.Count(weight => weight == 0));
        Assert.DoesNotContain(model.Metadata, entry => entry.Key.StartsWith("tersor.recipe", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Apply_DryRun_SaysWhatWouldBeDoneToWhichLayers_AndWritesNothing()
    {
        TersorRun run = (await Apply(Write("steps: [prune: {include: conv, sparsity: 0.5}, compress: {qp: -20}]"), "out.nnc", "--dry-run")).Succeeds();

        Assert.Contains("prune: conv, 50.0 % zeros", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"conv2.weight +50x20x5x5 +1\n", run.Out);
        Assert.DoesNotContain("fc1.weight", run.Out, StringComparison.Ordinal);
        Assert.Contains("compress: qp -20", run.Out, StringComparison.Ordinal);
        Assert.Equal(["recipe.yaml"], _folder.FileNames);
    }

    [Fact]
    public async Task Apply_DryRun_MeasuresEachTrainingWithItsTeacher()
    {
        JsonElement report = (await Apply(Write("steps: [prune: {sparsity: 0.5}, train: {epochs: 2}, train: {epochs: 3, batch: 8, teacher: original}]"), "out.onnx", "--dry-run", "--json")).Json();

        Assert.Equal([0, 2, 3], report.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("epochs").GetInt32()));
        double[] seconds = [.. report.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("seconds").GetDouble())];
        Assert.Equal(0, seconds[0]);
        Assert.All(seconds[1..], taken => Assert.True(taken > 0));
    }

    [Fact]
    public async Task Apply_DryRun_TellsHowLargeTheNetworkIsAfterEachStep_AndHowLongItWouldTrainForTheSameCompute()
    {
        JsonElement report = (await Apply(
            Write("steps: [prune: {sparsity: 0.5}, prune-channels: {multiply-adds: 0.6}, train: {epochs: 4, same-compute: true, teacher: original}]"), "out.onnx", "--dry-run", "--json")).Json();

        JsonElement[] steps = [.. report.GetProperty("steps").EnumerateArray()];
        long[] multiplyAdds = [.. steps.Select(step => step.GetProperty("multiplyAdds").GetInt64())];
        Assert.InRange(multiplyAdds[1], 0.4 * multiplyAdds[0], 0.6 * multiplyAdds[0]);
        Assert.Equal(multiplyAdds[1], multiplyAdds[2]);
        Assert.InRange(steps[2].GetProperty("epochs").GetInt32(), 7, 8);
    }

    [Theory]
    [InlineData("steps: [prune: {sparsty: 0.5}]", "out.onnx", "error[recipe]: ", "has no key 'sparsty'. Did you mean 'sparsity'?")]
    [InlineData("steps: [prune: {include: fc9}]", "out.onnx", "error[recipe]: ", "step 1, prune: 'fc9' matches no weight. The weights are conv1.weight, ")]
    [InlineData("steps: [prune: {sparsity: 1}]", "out.onnx", "error[recipe]: ", "leaves no weight; ask for less")]
    [InlineData("steps: [compress: {max-drp: 1}]", "out.nnc", "error[usage]: ", "unknown option '--max-drp' of compress. Did you mean '--max-drop'?")]
    [InlineData("steps: [prune]", "out.nnc", "error[usage]: ", "a recipe without compress writes ONNX")]
    [InlineData("steps: [prune, compress: {lossless: true, qp: -20}]", "out.nnc", "error[usage]: ", "--lossless and --qp exclude each other")]
    [InlineData("steps: [prune, compress: {container: smaller}]", "out", "error[usage]: ", "Add --lossless.")]
    [InlineData("steps: [prune, compress: {container: smaller, lossless: true}]", "out.dcz", "error[usage]: ", "decides the ending, which says dcz")]
    [InlineData("steps: [train: {teacher: none.onnx}]", "out.onnx", "error[recipe]: ", "step 1, train: the teacher none.onnx is no file; name a model file, or 'original'")]
    [InlineData("steps: [train: {soft: 0.5}]", "out.onnx", "error[recipe]: ", "train has temperature, soft or teacher-labels, which are for a teacher; add teacher: original")]
    [InlineData("steps: [train: {teacher: original, temperature: 0}]", "out.onnx", "error[recipe]: ", "'temperature' of train is a number of 0.01 to 1000")]
    [InlineData("steps: [prune, compress]", "out.onnx", "error[usage]: ", "a recipe that ends in compress writes an NNC file")]
    public async Task Apply_RecipeThatCannotRun_IsRefusedBeforeAnythingRuns(string yaml, string output, string start, string problem)
    {
        TersorRun run = await Apply(Write(yaml), output);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith(start, run.Error, StringComparison.Ordinal);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Equal(["recipe.yaml"], _folder.FileNames);
    }

    [Fact]
    public void ShippedRecipes_AndThoseOfTheManual_CanBeRead()
    {
        string experiments = Path.GetDirectoryName(RepositoryFile.Find("experiments/models.sh"))!;
        string[] shipped = Directory.GetFiles(experiments, "*.yaml", SearchOption.AllDirectories);
        Assert.NotEmpty(shipped);
        Assert.All(shipped, file => Assert.NotEmpty(Recipe.Parse(File.ReadAllText(file), file).Steps));
        string[] blocks = File.ReadAllText(RepositoryFile.Find("docs/recipes.md")).Split("```yaml\n")[1..];
        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.NotEmpty(Recipe.Parse(block[..block.IndexOf("```", StringComparison.Ordinal)], "docs/recipes.md").Steps));
    }

    [Fact]
    public async Task Apply_NoData_IsRefused() =>
        (await TersorRun.Of("apply", Write("steps: [prune]"), Digits, "-o", _folder["out.onnx"])).FailsWith(2, "error[usage]: no data are named. Add --data SPEC.");

    [Fact]
    public async Task Apply_Stopped_GoesOnFromItsFolder_ToTheSameBytes()
    {
        string recipe = Write("steps: [prune: {sparsity: 0.8, schedule: iterative, rounds: 2, train: {epochs: 1}}, train: {epochs: 1}]");
        (await Apply(recipe, "whole.onnx")).Succeeds();
        using CancellationTokenSource stop = new();
        stop.CancelAfter(TimeSpan.FromMilliseconds(1500));
        TersorRun stopped = await TersorRun.Of(
            new TerminalSettings { Cancellation = stop.Token }, ["apply", recipe, Digits, "-o", _folder["out.onnx"], "--work", _folder["work"], .. Few]);
        Assert.True(stopped.ExitCode is 130 or 0, stopped.Error);
        File.Delete(_folder["out.onnx"]);

        (await Apply(recipe, "out.onnx", "--work", _folder["work"])).Succeeds();

        Assert.Equal(File.ReadAllBytes(_folder["whole.onnx"]), File.ReadAllBytes(_folder["out.onnx"]));
    }

    [Fact]
    public async Task Apply_BudgetOfTheOriginal_IsJudgedOnTheTestSet()
    {
        TersorRun run = await Apply(Write("steps: [prune: {sparsity: 0.97}, compress: {max-drop: 0.5}]"), "out.nnc");

        // Without training, so many zeros cost far more than half a point, whatever the compression does.
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("budget-missed", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_Teacher_IsListedAmongTheInputsAndRandomOnesAreRefused()
    {
        string teacher = _folder["teacher.onnx"];
        File.Copy(Digits, teacher);
        TersorRun run = (await Apply(Write($"steps: [quantize: {{entropy: 1, train: {{epochs: 1, teacher: '{teacher}'}}}}, train: {{epochs: 1, teacher: original}}]"), "out.onnx", "--json")).Succeeds();
        JsonElement report = JsonDocument.Parse(run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        Assert.Contains(teacher, Paths(report, "inputs"));
        Assert.Contains("bits a weight (order-0 entropy)", run.Error, StringComparison.Ordinal);

        (await Apply(Write($"steps: [train: {{epochs: 1, teacher: '{teacher}'}}]"), "teacher.onnx", "--force")).FailsWith(2, $"error[usage]: {teacher} is what is read, and would be lost. Name another output.");
        TersorRun refused = await TersorRun.Of(["apply", Write("steps: [train: {teacher: original}]"), "lenet5", "-o", _folder["other.onnx"], .. Few]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("the teacher 'original' would be lenet5 with random weights", refused.Error, StringComparison.Ordinal);
    }

    private static string[] Paths(JsonElement report, string list) => [.. report.GetProperty(list).EnumerateArray().Select(file => file.GetProperty("path").GetString()!)];

    private string Write(string yaml)
    {
        File.WriteAllText(_folder["recipe.yaml"], yaml);
        return _folder["recipe.yaml"];
    }

    private Task<TersorRun> Apply(string recipe, string output, params string[] options) => TersorRun.Of(["apply", recipe, Digits, "-o", _folder[output], .. Few, .. options]);
}
