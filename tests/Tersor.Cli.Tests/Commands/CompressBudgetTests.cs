using System.Text.Json;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Cli.Tests.Commands;

public sealed class CompressBudgetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Digits => RepositoryFile.Find("samples/lenet5-digits.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compress_BudgetOfANormalizedNetwork_TunesItsVectorsAndReplays()
    {
        string model = SmallNetworks.WriteNormalized(_folder["m.onnx"]);
        string[] data = ["--data", "digits:200,20"];
        string[] Search(string output, params string[] more) => ["compress", model, "-o", _folder[output], "--max-size", "6KB", "--save-plan", _folder[output + ".json"], .. data, .. more];
        (await TersorRun.Of(Search("o.nnc", "--resume", _folder["trials.jsonl"]))).Succeeds();
        (await TersorRun.Of(Search("resumed.nnc", "--resume", _folder["trials.jsonl"], "--threads", "1"))).Succeeds();
        (await TersorRun.Of(["compress", model, "-o", _folder["again.nnc"], "--plan", _folder["o.nnc.json"], .. data])).Succeeds();
        (await TersorRun.Of(Search("greedy.nnc", "--search", "greedy", "--trials", "3"))).Succeeds();

        Assert.InRange(new FileInfo(_folder["o.nnc"]).Length, 5000, 6000);
        Assert.Equal(File.ReadAllBytes(_folder["o.nnc"]), File.ReadAllBytes(_folder["resumed.nnc"]));
        Assert.Equal(File.ReadAllBytes(_folder["o.nnc"]), File.ReadAllBytes(_folder["again.nnc"]));
        Assert.True(Plan("o.nnc").VectorTuning);
        Assert.False(Plan("greedy.nnc").VectorTuning);

        CompressionPlan Plan(string output) => CompressionPlan.FromJson(File.ReadAllText(_folder[output + ".json"]), output);
    }

    [Fact]
    public async Task Compress_MaxDrop_GivesTheSmallestFileThatKeepsIt()
    {
        string[] data = ["--data", "digits:1000,400"];
        TersorRun run = await TersorRun.Of(["compress", Digits, .. data, "--json", "-o", _folder["two.nnc"], "--max-drop", "2", "--save-plan", _folder["plan.json"]]);
        JsonElement two = run.Json();

        // The default quality takes 146,145 bytes.
        Assert.InRange(new FileInfo(_folder["two.nnc"]).Length, 1, 146_145 / 4);
        JsonElement verdict = two.GetProperty("verdict");
        bool keeps = verdict.GetProperty("drop").GetDouble() <= 0.02;
        Assert.Equal((keeps, keeps ? 0 : 5), (verdict.GetProperty("keepsBudget").GetBoolean(), run.ExitCode));
        Assert.Equal(400, verdict.GetProperty("samples").GetInt32());
        Assert.Equal(-two.GetProperty("models")[1].GetProperty("change").GetProperty("top1").GetDouble(), verdict.GetProperty("drop").GetDouble(), 1e-12);
        Assert.True(verdict.GetProperty("dropLow").GetDouble() <= verdict.GetProperty("drop").GetDouble());

        JsonElement[] tried = [.. two.GetProperty("search").GetProperty("plans").EnumerateArray()];
        Assert.True(tried.Zip(tried.Skip(1)).All(pair => pair.First.GetProperty("bytes").GetInt64() >= pair.Second.GetProperty("bytes").GetInt64()));
        Assert.Contains(tried, plan => plan.GetProperty("bytes").GetInt64() == new FileInfo(_folder["two.nnc"]).Length && plan.GetProperty("drop").GetDouble() <= 0.03);

        (await TersorRun.Of("compress", Digits, "-o", _folder["again.nnc"], "--plan", _folder["plan.json"], "--data", "digits:1000,400", "--threads", "1")).Succeeds();
        Assert.Equal(File.ReadAllBytes(_folder["two.nnc"]), File.ReadAllBytes(_folder["again.nnc"]));
    }

    [Fact]
    public async Task Compress_PlanOfASearch_TakesTheDataThatItWasMadeWith()
    {
        string[] data = ["--data", "digits:300,10"];
        (await TersorRun.Of(["compress", Digits, "-o", _folder["o.nnc"], "--max-size", "30KB", "--save-plan", _folder["plan.json"], .. data])).Succeeds();
        CompressionPlan plan = CompressionPlan.FromJson(File.ReadAllText(_folder["plan.json"]), "plan.json");

        // A tenth of the train part is for validation, and half of the rest to judge plans by.
        Assert.Equal((135, 0UL), (plan.Calibration!.Samples, plan.Calibration.Seed));
        Assert.Contains(plan.Tensors, tensor => tensor.Compensated);

        string[] replay = ["compress", Digits, "-o", _folder["again.nnc"], "--plan", _folder["plan.json"]];
        await Refuses("the plan's levels make up for one another's errors, which takes statistics of the data that it was made with", "Add --data SPEC.");
        await Refuses("these are not the samples or the preprocessing that the plan's levels were made with", "Name the same data, --seed 0 ", [.. data, "--seed", "5"]);
        await Refuses("these are not the samples or the preprocessing that the plan's levels were made with", "or search again", "--data", "digits:301,10");
        await Refuses("these are not the samples or the preprocessing that the plan's levels were made with", "the same preprocessing", [.. data, "--mean", "0.2"]);

        (await TersorRun.Of([.. replay, .. data])).Succeeds();
        Assert.Equal(File.ReadAllBytes(_folder["o.nnc"]), File.ReadAllBytes(_folder["again.nnc"]));

        async Task Refuses(string problem, string hint, params string[] options)
        {
            TersorRun run = await TersorRun.Of([.. replay, .. options]);
            Assert.Equal(2, run.ExitCode);
            Assert.Contains(problem, run.Error, StringComparison.Ordinal);
            Assert.Contains(hint, run.Error, StringComparison.Ordinal);
            Assert.False(File.Exists(_folder["again.nnc"]));
        }
    }

    [Fact]
    public async Task Compress_PlanByHandWithCompensatedLevels_SavesWhichDataItSaw()
    {
        string[] command = ["compress", Digits, "--data", "digits:300,10", "--force"];
        (await TersorRun.Of("compress", Digits, "-o", _folder["o.nnc"], "--save-plan", _folder["plain.json"])).Succeeds();
        CompressionPlan plain = CompressionPlan.FromJson(File.ReadAllText(_folder["plain.json"]), "plain.json");
        CompressionPlan byHand = plain with { Tensors = [.. plain.Tensors.Select(tensor => tensor.Name.StartsWith("conv", StringComparison.Ordinal) && tensor.Method == TensorMethod.TrellisRdo ? tensor with { Compensated = true, Scan = 0 } : tensor)] };
        Assert.Contains(byHand.Tensors, tensor => tensor.Compensated);
        File.WriteAllText(_folder["hand.json"], byHand.ToJson());

        (await TersorRun.Of([.. command, "-o", _folder["hand.nnc"], "--plan", _folder["hand.json"], "--save-plan", _folder["saved.json"]])).Succeeds();
        (await TersorRun.Of([.. command, "-o", _folder["again.nnc"], "--plan", _folder["saved.json"]])).Succeeds();

        CompressionPlan saved = CompressionPlan.FromJson(File.ReadAllText(_folder["saved.json"]), "saved.json");
        Assert.Equal((135, 64), (saved.Calibration!.Samples, saved.Calibration.Digest!.Length));
        Assert.Equal(File.ReadAllBytes(_folder["hand.nnc"]), File.ReadAllBytes(_folder["again.nnc"]));
    }

    [Fact]
    public async Task Compress_MaxDrop_GivesTheSameBytesAtAnyNumberOfThreads()
    {
        foreach (string threads in new[] { "1", "3" })
        {
            TersorRun run = await TersorRun.Of("compress", Digits, "-o", _folder[threads], "--data", "digits:600,10", "--max-drop", "2", "--threads", threads, "-q");

            // One wrong answer of ten is a budget missed; the file is written all the same.
            Assert.True(run.ExitCode is 0 or 5, run.Error);
        }

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
        Assert.Contains("540 of the 540 samples of digits train are among the train samples", (await TersorRun.Of([.. command, "--split", "train"])).Succeeds().Error, StringComparison.Ordinal);

        Assert.InRange(new FileInfo(_folder["o.nnc"]).Length, 20_000, 40_000);
        Assert.True(report.GetProperty("verdict").GetProperty("keepsBudget").GetBoolean());
    }

    [Fact]
    public async Task Compress_BudgetOfOneSetNamedAsTestSet_Warns()
    {
        const int Count = 60;
        Seeded random = new(4);
        string data = SmallNetworks.WriteArrays(
            _folder["one.npz"],
            new Tensor("x", new TensorShape(Count, 1, 28, 28), [.. Enumerable.Range(0, Count * 784).Select(_ => random.NextSingle())]),
            SmallNetworks.Integers("y", new TensorShape(Count), [.. Enumerable.Range(0, Count).Select(i => (long)(i % 10))]));
        string[] command = ["compress", Digits, "-o", _folder["o.nnc"], "--max-size", "40KB", "--data", $"npz:{data}", "--force"];

        Assert.DoesNotContain("warning", (await TersorRun.Of(command)).Succeeds().Error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("54 of the 60 samples of one.npz are among the train samples, by which levels are chosen: what they say of the result holds for samples that were seen", (await TersorRun.Of([.. command, "--split", "test"])).Succeeds().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compress_StatisticsBeyondTheMemoryLimit_AreRefusedBeforeTheyAreTaken()
    {
        TersorRun run = await TersorRun.Of("compress", Digits, "-o", _folder["o.nnc"], "--data", "digits:300,20", "--max-drop", "3", "--memory-limit", "40MB");

        Assert.Equal(6, run.ExitCode);
        Assert.Matches("error\\[resource-limit\\]: statistics of the layers of .*lenet5-digits.onnx take about [0-9.]+ MB of memory beside [0-9.]+ MB for the rest, --memory-limit allows 40.0 MB; ", run.Error);
        Assert.False(File.Exists(_folder["o.nnc"]));
    }

    [Theory]
    [InlineData("the nearest plan takes ", "--max-size", "1KB")]
    [InlineData("the nearest plan is expected to lose ", "--max-drop", "0", "--data", "digits:600,10")]
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
    [InlineData("hull")]
    [InlineData("knapsack")]
    [InlineData("greedy")]
    [InlineData("coordinate")]
    [InlineData("evolution")]
    [InlineData("bayesian")]
    public async Task Compress_BySearch_SaysWhatWasTried_AndFindsTheSameAtAnyNumberOfThreads(string name)
    {
        string[] command = ["compress", Digits, "--include", "conv", "--data", "digits:300,20", "--max-drop", "3", "--search", name, "--trials", "14", "--json"];
        TersorRun[] runs = [await TersorRun.Of([.. command, "-o", _folder["1"], "--threads", "1"]), await TersorRun.Of([.. command, "-o", _folder["3"], "--threads", "3"])];

        // One wrong answer of twenty is a budget missed; the file is written all the same.
        Assert.All(runs, run => Assert.True(run.ExitCode is 0 or 5, run.Error));
        Assert.Equal(File.ReadAllBytes(_folder["1"]), File.ReadAllBytes(_folder["3"]));
        JsonElement search = runs[0].Json().GetProperty("search");
        JsonElement[] plans = [.. search.GetProperty("plans").EnumerateArray()];
        Assert.Equal(name, search.GetProperty("name").GetString());
        Assert.InRange(plans.Length, 1, 14);
        Assert.Equal(plans.Length + search.GetProperty("tensorTrials").GetInt32(), search.GetProperty("evaluations").GetInt32());
        Assert.Equal(name is "hull" or "knapsack", search.GetProperty("tensorTrials").GetInt32() > 0);
        Assert.Equal(new FileInfo(_folder["1"]).Length, search.GetProperty("foundBytes").GetInt64());
        Assert.True(search.GetProperty("seconds").GetDouble() > 0);
    }

    [Fact]
    public async Task Compress_StoppedWithAJournal_GoesOnToTheSameBytes()
    {
        string[] command = ["compress", Digits, "--include", "conv", "--data", "digits:300,20", "--max-drop", "3", "--search", "evolution", "--trials", "30", "--resume", _folder["journal"], "-o"];
        using CancellationTokenSource stop = new();
        Task<TersorRun> stopped = TersorRun.Of(new TerminalSettings { Cancellation = stop.Token }, [.. command, _folder["never.nnc"]]);
        while (Lines() < 4 && !stopped.IsCompleted) await Task.Delay(5);
        await stop.CancelAsync();
        TersorRun first = await stopped;
        Assert.Equal(130, first.ExitCode);
        Assert.Contains("with which the same command goes on", first.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["never.nnc"]));
        int kept = Lines() - 1;

        TersorRun resumed = await TersorRun.Of([.. command, _folder["resumed.nnc"], "--json"]);
        TersorRun whole = await TersorRun.Of([.. command[..^3], "-o", _folder["whole.nnc"], "--json"]);

        Assert.Equal(File.ReadAllBytes(_folder["whole.nnc"]), File.ReadAllBytes(_folder["resumed.nnc"]));
        Assert.Equal(Plans(whole), Plans(resumed));
        Assert.Equal(Evaluations(whole) - kept, Evaluations(resumed));

        TersorRun other = await TersorRun.Of([.. command, _folder["never.nnc"], "--seed", "5"]);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("the trials in this journal are of other data, another seed or other preprocessing; name another file, or remove it", other.Error, StringComparison.Ordinal);

        int Lines()
        {
            if (!File.Exists(_folder["journal"])) return 0;
            using FileStream file = new(_folder["journal"], FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using StreamReader reader = new(file);
            return reader.ReadToEnd().Count(character => character == '\n');
        }

        static string Plans(TersorRun run) => run.Json().GetProperty("search").GetProperty("plans").GetRawText();

        static int Evaluations(TersorRun run) => run.Json().GetProperty("search").GetProperty("evaluations").GetInt32();
    }

    [Fact]
    public async Task Compress_MaxDropWithinAnErrorBound_KeepsBoth()
    {
        TersorRun run = await TersorRun.Of(
            "compress", Digits, "-o", _folder["o.nnc"], "--data", "digits:300,20", "--max-drop", "3", "--error-bound", "rel:0.5", "--search", "knapsack", "--save-plan", _folder["plan.json"], "--json");
        Assert.True(run.ExitCode is 0 or 5, run.Error);

        double[] bounds = [.. CompressionPlan.FromJson(File.ReadAllText(_folder["plan.json"]), "plan.json").Tensors.Select(tensor => tensor.ErrorBound?.Value).OfType<double>()];
        Assert.All(bounds, bound => Assert.InRange(bound, 1e-4, 0.5));
        Assert.True(bounds.Distinct().Count() > 1);
        Assert.InRange(new FileInfo(_folder["o.nnc"]).Length, 1, 100_000);
        (await TersorRun.Of("compress", Digits, "-o", _folder["again.nnc"], "--plan", _folder["plan.json"])).Succeeds();
        Assert.Equal(File.ReadAllBytes(_folder["o.nnc"]), File.ReadAllBytes(_folder["again.nnc"]));
    }

    [Theory]
    [InlineData("--max-drop measures accuracy, which takes --data", "--max-drop", "1")]
    [InlineData("--min-accuracy measures accuracy, which takes --data", "--min-accuracy", "90")]
    [InlineData("--max-drop and --max-size exclude each other", "--max-drop", "1", "--max-size", "1KB")]
    [InlineData("--max-size looks for the step sizes that --quality would decide", "--max-size", "1KB", "--quality", "3")]
    [InlineData("--max-size looks for the step sizes that --lossless would decide", "--max-size", "1KB", "--lossless")]
    [InlineData("--search hull judges plans by answers, which takes --data", "--max-size", "30KB", "--search", "hull")]
    [InlineData("--trials is for the search for a budget", "--trials", "5")]
    [InlineData("--resume is for the search for a budget", "--resume", "journal")]
    [InlineData("--search takes one of slope, hull, knapsack", "--max-size", "30KB", "--search", "hall")]
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
