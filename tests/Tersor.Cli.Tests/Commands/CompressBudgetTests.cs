using System.Text.Json;
using Tersor.Models;

namespace Tersor.Cli.Tests.Commands;

public sealed class CompressBudgetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Digits => RepositoryFile.Find("samples/lenet5-digits.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compress_MaxDrop_GivesTheSmallestFileThatKeepsIt()
    {
        string[] command = ["compress", Digits, "--data", "digits:1500,1000", "--json"];

        JsonElement one = (await TersorRun.Of([.. command, "-o", _folder["one.nnc"], "--max-drop", "1", "--save-plan", _folder["plan.json"]])).Succeeds().Json();
        JsonElement forty = (await TersorRun.Of([.. command, "-o", _folder["forty.nnc"], "--max-drop", "40"])).Succeeds().Json();

        // The default quality takes 146,145 bytes.
        Assert.InRange(new FileInfo(_folder["one.nnc"]).Length, 1, 146_145 / 2);
        Assert.InRange(new FileInfo(_folder["forty.nnc"]).Length, 1, new FileInfo(_folder["one.nnc"]).Length - 1);
        JsonElement verdict = one.GetProperty("verdict");
        Assert.True(verdict.GetProperty("keepsBudget").GetBoolean());
        Assert.Equal(1000, verdict.GetProperty("samples").GetInt32());
        Assert.Equal(-one.GetProperty("models")[1].GetProperty("change").GetProperty("top1").GetDouble(), verdict.GetProperty("drop").GetDouble(), 1e-12);
        Assert.True(verdict.GetProperty("dropLow").GetDouble() <= verdict.GetProperty("drop").GetDouble());

        JsonElement[] tried = [.. one.GetProperty("search").GetProperty("plans").EnumerateArray()];
        Assert.True(tried.Zip(tried.Skip(1)).All(pair => pair.First.GetProperty("bytes").GetInt64() > pair.Second.GetProperty("bytes").GetInt64()));
        Assert.Contains(tried, plan => plan.GetProperty("bytes").GetInt64() == new FileInfo(_folder["one.nnc"]).Length && plan.GetProperty("drop").GetDouble() <= 0.01);
        Assert.True(forty.GetProperty("verdict").GetProperty("drop").GetDouble() <= 0.4);

        (await TersorRun.Of("compress", Digits, "-o", _folder["again.nnc"], "--plan", _folder["plan.json"])).Succeeds();
        Assert.Equal(File.ReadAllBytes(_folder["one.nnc"]), File.ReadAllBytes(_folder["again.nnc"]));
    }

    [Fact]
    public async Task Compress_MaxDrop_GivesTheSameBytesAtAnyNumberOfThreads()
    {
        foreach (string threads in new[] { "1", "3" })
            (await TersorRun.Of("compress", Digits, "-o", _folder[threads], "--data", "digits:600,10", "--max-drop", "2", "--threads", threads, "-q")).Succeeds();

        Assert.Equal(File.ReadAllBytes(_folder["1"]), File.ReadAllBytes(_folder["3"]));
    }

    [Fact]
    public async Task Compress_MaxSizeWithoutData_TakesTheFinestQualityThatFits()
    {
        (await TersorRun.Of("compress", Digits, "-o", _folder["o.nnc"], "--max-size", "60KB", "--save-plan", _folder["plan.json"])).Succeeds();

        long length = new FileInfo(_folder["o.nnc"]).Length;
        Assert.InRange(length, 30_000, 60_000);
        for (int quality = 4; quality <= 60; quality += 8)
        {
            (await TersorRun.Of("compress", Digits, "-o", _folder["q.nnc"], "--quality", $"{quality}", "--force")).Succeeds();
            long size = new FileInfo(_folder["q.nnc"]).Length;
            Assert.True(size <= length || size > 60_000, $"quality {quality} takes {size} bytes, found {length}");
        }
    }

    [Fact]
    public async Task Compress_MaxSizeWithData_FitsAndSaysWhatItCosts()
    {
        string[] command = ["compress", Digits, "-o", _folder["o.nnc"], "--max-size", "40KB", "--data", "digits:600,200", "--force"];
        JsonElement report = (await TersorRun.Of([.. command, "--json"])).Succeeds().Json();
        Assert.Contains("judged on samples that the search saw", (await TersorRun.Of([.. command, "--split", "train"])).Succeeds().Error, StringComparison.Ordinal);

        Assert.InRange(new FileInfo(_folder["o.nnc"]).Length, 20_000, 40_000);
        Assert.True(report.GetProperty("verdict").GetProperty("keepsBudget").GetBoolean());
    }

    [Theory]
    [InlineData("the coarsest plan takes ", "--max-size", "1KB")]
    [InlineData("the finest plan loses ", "--max-drop", "0", "--data", "digits:600,10")]
    public async Task Compress_BudgetThatCannotBeKept_NamesTheNearestMissAndWritesNothing(string miss, params string[] budget)
    {
        // Answers of a network whose one weight matters most change at any step: equal logits but for a trifle.
        string model = budget[0] == "--max-drop" ? SmallNetworks.WriteFragile(_folder["m.onnx"]) : Digits;
        TersorRun run = await TersorRun.Of(["compress", model, "-o", _folder["o.nnc"], .. budget]);

        Assert.Equal(5, run.ExitCode);
        Assert.Contains(miss, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["o.nnc"]));
    }

    [Theory]
    [InlineData("--max-drop measures accuracy, which takes --data", "--max-drop", "1")]
    [InlineData("--min-accuracy measures accuracy, which takes --data", "--min-accuracy", "90")]
    [InlineData("--max-drop and --max-size exclude each other", "--max-drop", "1", "--max-size", "1KB")]
    [InlineData("--max-size looks for the step sizes that --quality would decide", "--max-size", "1KB", "--quality", "3")]
    [InlineData("--max-size looks for the step sizes that --lossless would decide", "--max-size", "1KB", "--lossless")]
    [InlineData("is above the original's 9", "--min-accuracy", "99.99", "--data", "digits:600,500")]
    [InlineData("-1", "--max-drop", "-1", "--data", "digits:600,500")]
    public async Task Compress_BudgetsThatMeanNothing_AreRefused(string problem, params string[] options)
    {
        TersorRun run = await TersorRun.Of(["compress", Digits, "-o", _folder["o.nnc"], .. options]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["o.nnc"]));
    }

    [Fact]
    public async Task Compress_MaxDropOfTargets_IsRefused()
    {
        string data = SmallNetworks.WriteArrays(_folder["d.npz"], new Tensor("x", new TensorShape(20, 4), new float[80]), new Tensor("y", new TensorShape(20, 3), new float[60]));

        TersorRun run = await TersorRun.Of("compress", SmallNetworks.WriteDoubling(_folder["m.onnx"]), "-o", _folder["o.nnc"], "--data", $"npz:{data}", "--max-drop", "1");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--max-drop counts classes", run.Error, StringComparison.Ordinal);
    }
}
