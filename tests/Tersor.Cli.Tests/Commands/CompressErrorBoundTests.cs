using System.Text.Json;

namespace Tersor.Cli.Tests.Commands;

/// <summary><c>tersor compress --error-bound</c>.</summary>
public sealed class CompressErrorBoundTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("abs:0.002", "zero")]
    [InlineData("rel:0.01", "zero")]
    [InlineData("abs:0.002", "lorenzo")]
    [InlineData("rel:0.01", "regression")]
    public async Task Compress_ErrorBound_IsKeptAndReportedAndReplayedByThePlan(string bound, string predictor)
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);

        JsonElement document = (await TersorRun.Of(
            "compress", input, "--error-bound", bound, "--predictor", predictor, "--save-plan", _folder["plan.json"], "--json")).Succeeds().Json();

        JsonElement weight = document.GetProperty("tensors").EnumerateArray().Single(tensor => tensor.GetProperty("name").GetString() == "fc.weight");
        Assert.Equal(
            ("error-bounded", bound, predictor),
            (weight.GetProperty("method").GetString(), weight.GetProperty("errorBound").GetString(), weight.GetProperty("predictor").GetString()));
        JsonElement difference = (await TersorRun.Of("diff", input, _folder["m.nnc"], "--json")).Succeeds().Json();
        double worst = difference.GetProperty("tensors").EnumerateArray().Max(tensor => tensor.GetProperty("maxAbs").GetDouble());
        Assert.InRange(worst, 1e-6, bound.StartsWith("abs", StringComparison.Ordinal) ? 0.002 : 0.1);
        Assert.Equal(worst, document.GetProperty("totals").GetProperty("maxAbs").GetDouble());
        (await TersorRun.Of("compress", "-q", input, "-o", _folder["2.nnc"], "--plan", _folder["plan.json"])).Succeeds();
        Assert.Equal(File.ReadAllBytes(_folder["m.nnc"]), File.ReadAllBytes(_folder["2.nnc"]));
    }

    [Fact]
    public async Task Compress_PointwiseBound_IsInTheTableAndTheDryRun()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);

        TersorRun planned = (await TersorRun.Of("compress", input, "--error-bound", "pointwise:1e-2", "--dry-run")).Succeeds();
        TersorRun run = (await TersorRun.Of("compress", input, "--error-bound", "pointwise:1e-2", "-v")).Succeeds();

        Assert.Matches("(?m)^ fc.weight +40x30 +error-bounded pointwise:0.01 +- +-$", planned.Out);
        Assert.Matches("(?m)^ fc.weight +40x30 +error-bounded pointwise:0.01 +[0-9.]+ ", run.Out);
        Assert.Contains("--error-bound pointwise:0.01 (given)\n", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--method", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1e-3")]
    [InlineData("abs:")]
    [InlineData("abs:0")]
    [InlineData("abs:-1")]
    [InlineData("rel:nan")]
    [InlineData("pointwise:1")]
    [InlineData("psnr:60")]
    public async Task Compress_MalformedBound_IsToldInOneLine(string bound)
    {
        TersorRun run = await TersorRun.Of("compress", SmallModels.WriteGaussian(_folder["m.safetensors"]), "--error-bound", bound);

        run.FailsWith(2, $"error[usage]: --error-bound takes abs:X or rel:X with X above 0, or pointwise:X with X between 0 and 1, such as abs:1e-3, not '{bound}'. See tersor compress --help.");
    }

    [Theory]
    [InlineData("--error-bound and --quality exclude each other", "--quality", "50")]
    [InlineData("--error-bound and --qp exclude each other", "--qp", "-20")]
    [InlineData("--error-bound and --method exclude each other", "--method", "uniform")]
    [InlineData("--lossless and --error-bound exclude each other", "--lossless")]
    [InlineData("--error-bound and --plan exclude each other: the plan says everything", "--plan", "p.json")]
    public async Task Compress_ErrorBoundBesideWhatItDecides_IsRefused(string problem, params string[] options)
    {
        TersorRun run = await TersorRun.Of(["compress", SmallModels.WriteGaussian(_folder["m.safetensors"]), "--error-bound", "abs:1e-3", .. options]);

        run.FailsWith(2, "error[usage]: " + problem);
    }

    [Theory]
    [InlineData()]
    [InlineData("--error-bound", "pointwise:0.1")]
    public async Task Compress_PredictorWithoutABoundItHelps_IsRefused(params string[] options)
    {
        TersorRun run = await TersorRun.Of(["compress", SmallModels.WriteGaussian(_folder["m.safetensors"]), "--predictor", "auto", .. options]);

        run.FailsWith(2, "error[usage]: --predictor is for --error-bound abs:X and rel:X");
    }
}
