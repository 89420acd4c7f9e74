using System.Text.Json;
using Tersor.Plans;

namespace Tersor.Cli.Tests.Commands;

/// <summary>Options that make more of a step size: weighting, local scaling, corrections.</summary>
public sealed class CompressRefinementTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Digits => RepositoryFile.Find("samples/lenet5-digits.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("uniform-rdo")]
    [InlineData("trellis")]
    [InlineData("trellis-rdo")]
    [InlineData("codebook")]
    public async Task Compress_Weighting_ReplaysFromItsPlan(string method)
    {
        string[] data = ["--data", "digits:200,10"];
        JsonElement report = (await TersorRun.Of(
            ["compress", Digits, "-o", _folder["o.nnc"], "--quality", "40", "--method", method, "--weighting", "fisher", "--save-plan", _folder["plan.json"], "--json", .. data])).Succeeds().Json();
        CompressionPlan plan = CompressionPlan.FromJson(File.ReadAllText(_folder["plan.json"]), "plan.json");

        Assert.Equal(4, report.GetProperty("tensors").EnumerateArray().Count(tensor => tensor.GetProperty("weighting").GetString() == "fisher"));
        Assert.Equal(90, plan.Calibration!.Samples);
        (await TersorRun.Of(["compress", Digits, "-o", _folder["again.nnc"], "--plan", _folder["plan.json"], "--threads", "1", .. data])).Succeeds();
        Assert.Equal(File.ReadAllBytes(_folder["o.nnc"]), File.ReadAllBytes(_folder["again.nnc"]));

        (await TersorRun.Of("compress", Digits, "-o", _folder["plain.nnc"], "--quality", "40", "--method", method)).Succeeds();
        Assert.NotEqual(File.ReadAllBytes(_folder["o.nnc"]), File.ReadAllBytes(_folder["plain.nnc"]));

        TersorRun other = await TersorRun.Of(["compress", Digits, "-o", _folder["other.nnc"], "--plan", _folder["plan.json"], "--seed", "4", .. data]);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("these are not the samples or the preprocessing that the plan's levels were made with", other.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--local-scaling")]
    [InlineData("--prune", "0.7")]
    [InlineData("--prune", "0.7", "--weighting", "empirical", "--data", "digits:200,10")]
    [InlineData("--bias-correction", "--data", "digits:200,10")]
    [InlineData("--bias-correction", "--reestimate-batch-norm", "--weighting", "outputs", "--local-scaling", "--data", "digits:200,10")]
    [InlineData("--tune-vectors", "--weighting", "fisher", "--data", "digits:200,10")]
    public async Task Compress_Refinements_ReplayFromTheirPlan(params string[] options)
    {
        string[] data = options.Contains("--data") ? ["--data", "digits:200,10"] : [];
        (await TersorRun.Of(["compress", Digits, "-o", _folder["o.nnc"], "--quality", "30", "--save-plan", _folder["plan.json"], .. options])).Succeeds();
        (await TersorRun.Of(["compress", Digits, "-o", _folder["again.nnc"], "--plan", _folder["plan.json"], .. data])).Succeeds();
        (await TersorRun.Of("compress", Digits, "-o", _folder["plain.nnc"], "--quality", "30")).Succeeds();

        Assert.Equal(File.ReadAllBytes(_folder["o.nnc"]), File.ReadAllBytes(_folder["again.nnc"]));
        Assert.NotEqual(File.ReadAllBytes(_folder["o.nnc"]), File.ReadAllBytes(_folder["plain.nnc"]));
    }

    [Theory]
    [InlineData("weighting and corrections take statistics of data. Add --data SPEC.", "--weighting", "fisher")]
    [InlineData("weighting and corrections take statistics of data. Add --data SPEC.", "--bias-correction")]
    [InlineData("weighting and corrections take statistics of data. Add --data SPEC.", "--reestimate-batch-norm")]
    [InlineData("weighting and corrections take statistics of data. Add --data SPEC.", "--tune-vectors")]
    [InlineData("--tune-vectors takes up what --bias-correction would; drop one", "--tune-vectors", "--bias-correction", "--data", "digits:100,10")]
    [InlineData("--tune-vectors refine a plan of --quality or --qp, --max-drop searches for one", "--tune-vectors", "--max-drop", "1", "--data", "digits:100,10")]
    [InlineData("--weighting means nothing to --method uniform", "--weighting", "fisher", "--method", "uniform")]
    [InlineData("--lossless and --local-scaling exclude each other", "--lossless", "--local-scaling")]
    [InlineData("--error-bound and --bias-correction exclude each other", "--error-bound", "abs:0.1", "--bias-correction")]
    [InlineData("--weighting refine a plan of --quality or --qp, --max-size searches for one", "--weighting", "fisher", "--max-size", "90KB")]
    [InlineData("--weighting takes one of none, fisher, empirical, outputs, not 'mass'", "--weighting", "mass")]
    [InlineData("has 10 classes", "--weighting", "empirical", "--data", "digits:100,10")]
    public async Task Compress_RefinementsThatCannotBe_AreRefused(string problem, params string[] options)
    {
        // Ten digits are too many for three outputs.
        string model = problem.StartsWith("has", StringComparison.Ordinal) ? SmallNetworks.WriteThreeClasses(_folder["m.onnx"]) : Digits;
        TersorRun run = await TersorRun.Of(["compress", model, "-o", _folder["o.nnc"], .. options]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["o.nnc"]));
    }
}
