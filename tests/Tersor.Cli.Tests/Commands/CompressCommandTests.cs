using System.Text.Json;
using Tersor.Models;

namespace Tersor.Cli.Tests.Commands;

public sealed class CompressCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compress_PrintsATableThatSumsToTheFile()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);

        TersorRun run = (await TersorRun.Of("compress", input, "--qp", "-20")).Succeeds();

        string[] lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["tensor", "shape", "method", "bits/weight", "bytes", "SQNR", "dB", "max", "abs"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        long length = new FileInfo(_folder["m.nnc"]).Length;
        long[] rows = [.. lines[2..^3].Select(BytesOfRow)];
        Assert.Equal(6, rows.Length);
        Assert.Equal(length, rows.Sum());
        Assert.StartsWith(" 4 tensors ", lines[^2], StringComparison.Ordinal);
        Assert.Contains($" {length:N0} ", lines[^2], StringComparison.Ordinal);
        Assert.StartsWith($"{_folder["m.nnc"]}: {length:N0} bytes", lines[^1], StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("none")]
    public async Task Compress_Data_MeasuresTheModelAndTheFile(string topology)
    {
        string input = RepositoryFile.Find("samples/lenet5-digits.onnx");

        JsonElement document = (await TersorRun.Of(
            "compress", input, "-o", _folder["o.nnc"], "--quality", "20", "--topology", topology, "--data", "digits:1,200", "--json")).Succeeds().Json();

        JsonElement[] models = [.. document.GetProperty("models").EnumerateArray()];
        Assert.Equal([input, _folder["o.nnc"]], models.Select(model => model.GetProperty("path").GetString()));
        string[] graph = topology == "none" ? ["--graph", input] : [];
        JsonElement file = (await TersorRun.Of(["evaluate", _folder["o.nnc"], .. graph, "--data", "digits:1,200", "--json"])).Succeeds().Json();
        foreach (string figure in new[] { "top1", "loss" }) Assert.Equal(file.GetProperty(figure).GetDouble(), models[1].GetProperty(figure).GetDouble());
        Assert.Equal(new FileInfo(_folder["o.nnc"]).Length, models[1].GetProperty("bytes").GetInt64());
        Assert.Equal(models[1].GetProperty("top1").GetDouble() - models[0].GetProperty("top1").GetDouble(), models[1].GetProperty("change").GetProperty("top1").GetDouble());
    }

    [Fact]
    public async Task Compress_DataThatDoNotFit_WritesNothing()
    {
        string data = SmallNetworks.WriteArrays(_folder["d.npz"], new Tensor("x", new TensorShape(2, 5), new float[10]), SmallNetworks.Integers("y", new TensorShape(2), 0, 1));

        TersorRun run = await TersorRun.Of("compress", SmallNetworks.WriteDoubling(_folder["m.onnx"]), "-o", _folder["o.nnc"], "--data", $"npz:{data}");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("takes 'input float32 Nx4', the data has samples of 5", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["o.nnc"]));
    }

    [Fact]
    public async Task Compress_OutputThatIsAnInput_IsRefused()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);
        byte[] before = File.ReadAllBytes(input);
        File.CreateSymbolicLink(_folder["link.safetensors"], input);

        (await TersorRun.Of("compress", input, "-o", input, "--force")).FailsWith(2, $"error[usage]: {input} is what is read, and would be lost. Name another output.");
        (await TersorRun.Of("compress", _folder["link.safetensors"], "-o", input, "--force")).FailsWith(2, $"error[usage]: {input} is what is read, and would be lost. Name another output.");
        (await TersorRun.Of("compress", input, "--save-plan", input, "--force")).FailsWith(2, $"error[usage]: {input} is what is read, and would be lost. Name another output.");
        Assert.Equal(before, File.ReadAllBytes(input));
    }

    [Fact]
    public async Task Compress_ExternalData_CountsAsInputAndIsNotWrittenOver()
    {
        string model = _folder["m.onnx"];
        (await TersorRun.Of("convert", SmallModels.WriteGaussian(_folder["m.safetensors"]), "-o", model, "--external-data", "one-file")).Succeeds();
        byte[] data = File.ReadAllBytes(model + ".data");
        long bytes = new FileInfo(model).Length + data.Length;

        (await TersorRun.Of("compress", model, "-o", model + ".data", "--force")).FailsWith(2, $"error[usage]: {model}.data is what is read, and would be lost. Name another output.");
        JsonElement report = (await TersorRun.Of("compress", model, "-o", _folder["o.nnc"], "-q", "--json")).Succeeds().Json();

        Assert.Equal(data, File.ReadAllBytes(model + ".data"));
        Assert.Equal(bytes, report.GetProperty("inputs").EnumerateArray().Sum(file => file.GetProperty("bytes").GetInt64()));
        Assert.Equal((double)bytes / new FileInfo(_folder["o.nnc"]).Length, report.GetProperty("totals").GetProperty("ratio").GetDouble(), 2);
    }

    [Fact]
    public async Task Compress_OneNameForFileAndPlan_IsRefused()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);

        (await TersorRun.Of("compress", input, "-o", _folder["o.nnc"], "--save-plan", _folder["o.nnc"])).FailsWith(2, $"error[usage]: -o and --save-plan both name {_folder["o.nnc"]}. Name another file.");
        (await TersorRun.Of("compress", input, "-o", "")).FailsWith(2, "error[usage]: an output has no name. Name a file.");
    }

    [Fact]
    public async Task Compress_QpThatZerosATensor_SaysSo()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);

        TersorRun run = (await TersorRun.Of("compress", input, "--qp", "20", "-q", "--json")).Succeeds();

        Assert.Contains(
            "tensor 'fc.weight': every weight becomes 0 at QP 20; a lower QP or leaving the tensor out keeps it",
            run.Json().GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()));
    }

    [Fact]
    public async Task Compress_DryRun_RefusesNamesThatAStreamCannotCarry()
    {
        TersorRun run = await TersorRun.Of("compress", SmallModels.WriteNamed(_folder["m.safetensors"], "w@index"), "--dry-run");

        Assert.Equal(4, run.ExitCode);
        Assert.Contains("w@index", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--limit", "10")]
    [InlineData("--seed", "1")]
    [InlineData("--mean", "0.5")]
    public async Task Compress_OptionsOfEvaluationWithoutData_AreRefused(string option, string value)
    {
        TersorRun run = await TersorRun.Of("compress", SmallNetworks.WriteDoubling(_folder["m.onnx"]), option, value);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"{option} is for evaluating, which takes --data", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compress_Json_AddsUp()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);

        JsonElement document = (await TersorRun.Of("compress", input, "-o", _folder["o.nnc"], "--qp", "-20", "--json")).Succeeds().Json();

        long length = new FileInfo(_folder["o.nnc"]).Length;
        JsonElement totals = document.GetProperty("totals");
        long tensors = document.GetProperty("tensors").EnumerateArray().Sum(tensor => tensor.GetProperty("bytes").GetInt64());
        Assert.Equal(length, totals.GetProperty("bytes").GetInt64());
        Assert.Equal(length, tensors + totals.GetProperty("headerBytes").GetInt64() + totals.GetProperty("topologyBytes").GetInt64());
        Assert.Equal(length, document.GetProperty("outputs")[0].GetProperty("bytes").GetInt64());
        long inputBytes = document.GetProperty("inputs")[0].GetProperty("bytes").GetInt64();
        Assert.Equal(new FileInfo(input).Length, inputBytes);
        Assert.Equal((double)inputBytes / length, totals.GetProperty("ratio").GetDouble());
        Assert.Equal(8.0 * length / totals.GetProperty("elements").GetInt64(), totals.GetProperty("bitsPerWeight").GetDouble());
        JsonElement weight = document.GetProperty("tensors").EnumerateArray().Single(tensor => tensor.GetProperty("name").GetString() == "fc.weight");
        Assert.Equal("trellis", weight.GetProperty("method").GetString());
        Assert.Equal(-20, weight.GetProperty("qp").GetInt32());
        Assert.InRange(weight.GetProperty("sqnr").GetDouble(), 10, 60);
    }

    [Fact]
    public async Task Compress_AnyNumberOfThreads_SameBytes()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);
        foreach (int threads in new[] { 1, 2, 8 })
        {
            (await TersorRun.Of("compress", "-q", input, "-o", _folder[$"{threads}.nnc"], "--threads", $"{threads}")).Succeeds();
            Assert.Equal(File.ReadAllBytes(_folder["1.nnc"]), File.ReadAllBytes(_folder[$"{threads}.nnc"]));
        }
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("uniform-rdo")]
    [InlineData("trellis")]
    [InlineData("trellis-rdo")]
    public async Task Compress_SavedPlan_ReplaysToTheSameBytes(string method)
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);
        string[] options = ["--quality", "30", "--method", method, "--exclude", "bias", "--save-plan", _folder["plan.json"]];
        (await TersorRun.Of(["compress", "-q", input, "-o", _folder["1.nnc"], .. options])).Succeeds();

        (await TersorRun.Of("compress", "-q", input, "-o", _folder["2.nnc"], "--plan", _folder["plan.json"])).Succeeds();

        Assert.Equal(File.ReadAllBytes(_folder["1.nnc"]), File.ReadAllBytes(_folder["2.nnc"]));
    }

    [Fact]
    public async Task Compress_Pipe_ReadsStdinAndWritesStdout()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);
        (await TersorRun.Of("compress", "-q", input)).Succeeds();
        TerminalSettings settings = new() { Input = File.ReadAllBytes(input) };

        TersorRun run = (await TersorRun.Of(settings, "compress", "-")).Succeeds();

        Assert.Equal(File.ReadAllBytes(_folder["m.nnc"]), settings.Output.ToArray());
        Assert.Equal("", run.Out);
        Assert.Contains("4 tensors", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compress_JsonToStdout_IsRefused() =>
        Assert.Equal(
            "error[usage]: --json and the output '-' both want stdout. Write the output to a file.\n",
            (await TersorRun.Of("compress", SmallModels.Write(_folder["m.safetensors"]), "-o", "-", "--json")).Error);

    [Fact]
    public async Task Compress_Lossless_ComesBackBitForBit()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);

        (await TersorRun.Of("compress", "-q", input, "--lossless")).Succeeds();
        (await TersorRun.Of("decompress", "-q", _folder["m.nnc"], "-o", _folder["back.safetensors"])).Succeeds();

        JsonElement document = (await TersorRun.Of("diff", input, _folder["back.safetensors"], "--json")).Succeeds().Json();
        Assert.All(document.GetProperty("tensors").EnumerateArray(), tensor => Assert.Equal("equal bits", tensor.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Compress_DryRun_PrintsThePlanAndWritesNothing()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);

        TersorRun run = (await TersorRun.Of("compress", input, "--qp", "-20", "--dry-run", "--save-plan", _folder["plan.json"])).Succeeds();

        Assert.Matches("(?m)^ fc.weight +40x30 +trellis +-20 +0.03125$", run.Out);
        Assert.Contains($"would write {_folder["m.nnc"]}, with up to ", run.Out, StringComparison.Ordinal);
        Assert.Equal(["m.safetensors"], _folder.FileNames);
    }

    [Fact]
    public async Task Compress_Verbose_SaysWhatTookEffectAndWhoChoseIt()
    {
        TersorRun run = (await TersorRun.Of("compress", SmallModels.WriteGaussian(_folder["m.safetensors"]), "-v", "--quality", "40", "--threads", "1")).Succeeds();

        Assert.Equal(
            $"""
            --output {_folder["m.nnc"]} (default)
            --threads 1 (given)
            --quality 40 (given)
            --method trellis-rdo (default)
            --lambda 1 (default)
            --edition 2 (default)
            --topology auto (default)

            """,
            run.Error);
    }

    [Fact]
    public async Task Compress_ExistingOutputOrPlan_IsLeftAlone()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);
        File.WriteAllText(_folder["plan.json"], "mine");

        (await TersorRun.Of("compress", input, "--save-plan", _folder["plan.json"]))
            .FailsWith(2, $"error[output-exists]: {_folder["plan.json"]} exists already. Pass --force to replace it.");
        File.WriteAllText(_folder["m.nnc"], "mine");
        (await TersorRun.Of("compress", input))
            .FailsWith(2, $"error[output-exists]: {_folder["m.nnc"]} exists already. Pass --force to replace it.");

        Assert.Equal("mine", File.ReadAllText(_folder["plan.json"]));
        Assert.Equal("mine", File.ReadAllText(_folder["m.nnc"]));
    }

    [Fact]
    public async Task Compress_EverythingWrongAtOnce_IsSaidAtOnceAndNothingIsWritten()
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);

        TersorRun run = await TersorRun.Of(
            "compress", input, "--qp", "-20", "--quality", "50", "--codebook-size", "8", "--include", "fc.wieght", "--exclude", "zzz", "--exclude", "(");

        run.FailsWith(
            2,
            "error[usage]: --qp and --quality exclude each other; --codebook-size is for --method codebook; --exclude '(' is not a usable regular expression: "
            + "Invalid pattern '(' at offset 1. Not enough )'s; --include 'fc.wieght' matches no tensor. Did you mean 'fc.weight'?; --exclude 'zzz' matches no tensor");
        Assert.Equal(["m.safetensors"], _folder.FileNames);
    }

    [Theory]
    [InlineData("--lossless and --qp exclude each other", "--lossless", "--qp", "3")]
    [InlineData("--lambda means nothing to --method uniform", "--method", "uniform", "--lambda", "1")]
    [InlineData("--qp and --plan exclude each other: the plan says everything", "--qp", "3", "--plan", "p.json")]
    public async Task Compress_Contradictions_AreRefused(string problem, params string[] options)
    {
        TersorRun run = await TersorRun.Of(["compress", SmallModels.WriteGaussian(_folder["m.safetensors"]), .. options]);

        run.FailsWith(2, "error[usage]: " + problem);
    }

    [Theory]
    [InlineData("{\"qpp\":1,\"tensors\":[]}", "qpp")]
    [InlineData("{\"tensors\":[{\"name\":\"fc.weight\",\"method\":\"trelis\"}]}", "trelis")]
    [InlineData("{\"version\":1,\"edition\":2,\"tensors\":[{\"name\":\"other\",\"method\":\"trellis\"}]}", "other")]
    [InlineData("not json", "not a plan")]
    public async Task Compress_BadPlan_ExitsTwoAndNamesIt(string plan, string word)
    {
        File.WriteAllText(_folder["plan.json"], plan);

        TersorRun run = await TersorRun.Of("compress", SmallModels.WriteGaussian(_folder["m.safetensors"]), "--plan", _folder["plan.json"]);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error[plan]: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(word, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Compress_MemoryLimitTooLow_IsRefusedWithANumberBeforeTheWork()
    {
        string input = SmallModels.WriteSparse(_folder["big.safetensors"], rows: 3000, columns: 1000);

        TersorRun run = await TersorRun.Of("compress", input, "--memory-limit", "40MB", "--threads", "1");

        Assert.Equal(6, run.ExitCode);
        Assert.Matches("^error\\[resource-limit\\]: compressing .* with --threads 1 takes about [0-9.]+ MB of memory, --memory-limit allows 40.0 MB; ", run.Error);
        Assert.Equal(["big.safetensors"], _folder.FileNames);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Compress_Edition_IsWhatInspectFinds(string edition)
    {
        string input = SmallModels.WriteGaussian(_folder["m.safetensors"]);
        (await TersorRun.Of("compress", "-q", input, "--edition", edition, "--topology", "none")).Succeeds();

        TersorRun run = (await TersorRun.Of("inspect", _folder["m.nnc"])).Succeeds();

        Assert.Contains($"  edition   {edition}\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("  topology  none, named tensors only\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compress_Onnx_ComesBackAsAGraph()
    {
        string input = RepositoryFile.Lenet5;
        (await TersorRun.Of("compress", "-q", input, "-o", _folder["m.nnc"], "--qp", "-32")).Succeeds();

        (await TersorRun.Of("decompress", "-q", _folder["m.nnc"])).Succeeds();

        JsonElement before = (await TersorRun.Of("inspect", input, "--json")).Succeeds().Json();
        JsonElement after = (await TersorRun.Of("inspect", _folder["m.onnx"], "--json")).Succeeds().Json();
        Assert.Equal(before.GetProperty("onnx").GetRawText(), after.GetProperty("onnx").GetRawText());
        Assert.Equal(before.GetProperty("tensors").GetRawText(), after.GetProperty("tensors").GetRawText());
    }

    // Name, shape, method and bits stand before; the columns behind may be empty.
    private static long BytesOfRow(string row)
    {
        string[] cells = row.Split("   ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string bytes = cells.Length > 2 ? cells[4] : cells[1];
        return long.Parse(bytes, System.Globalization.NumberStyles.AllowThousands, System.Globalization.CultureInfo.InvariantCulture);
    }
}
