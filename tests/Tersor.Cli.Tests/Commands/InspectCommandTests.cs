using System.Text.Json;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Cli.Tests.Commands;

public sealed class InspectCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Inspect_Safetensors_PrintsTheTable()
    {
        string path = SmallModels.Write(_folder["m.safetensors"]);

        TersorRun run = (await TersorRun.Of("inspect", path)).Succeeds();

        Assert.Equal(
            $"""
            {path}: safetensors, 272 bytes
             tensor        type      shape   elements   bytes
            ──────────────────────────────────────────────────
             conv.weight   float32   2x3            6      24
             conv.bias     float32   2              2       8
             steps         int64     1              1       8
            ──────────────────────────────────────────────────
             3 tensors                              9      40
            metadata
              source = a test

            """,
            run.Out);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Inspect_Histogram_DrawsAndCounts()
    {
        string path = SmallModels.Write(_folder["m.safetensors"]);

        TersorRun run = (await TersorRun.Of("inspect", path, "--histogram", "--include", "^conv", "--exclude", "bias")).Succeeds();

        Assert.EndsWith(
            """

            conv.weight float32 2x3
              -1 |▄               ▄               █               ▄              ▄| 1
              mean 0, std 0.6455, entropy 2.252 bits in 256 bins, sparsity 33.3 %, distinct 5, NaN 0, Inf 0

            """,
            run.Out,
            StringComparison.Ordinal);
        Assert.Equal("--include '^conv': 2 tensors: conv.weight, conv.bias\n--exclude 'bias': 1 tensor: conv.bias\n", run.Error);
    }

    [Fact]
    public async Task Inspect_HistogramJson_CarriesTheNumbers()
    {
        string path = SmallModels.Write(_folder["m.safetensors"]);

        TersorRun run = (await TersorRun.Of("inspect", path, "--histogram", "--json")).Succeeds();

        JsonElement document = run.Json();
        JsonElement weight = document.GetProperty("tensors").EnumerateArray().Single(tensor => tensor.GetProperty("name").GetString() == "conv.weight");
        JsonElement distribution = weight.GetProperty("distribution");
        Assert.Equal(256, distribution.GetProperty("histogram").GetArrayLength());
        Assert.Equal(6, distribution.GetProperty("histogram").EnumerateArray().Sum(count => count.GetInt64()));
        Assert.Equal(2, distribution.GetProperty("zeros").GetInt64());
        Assert.Equal(5, distribution.GetProperty("distinct").GetInt32());
        Assert.Equal(272, document.GetProperty("totals").GetProperty("fileBytes").GetInt64());
        Assert.Equal(40, document.GetProperty("totals").GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task Inspect_SelectorsThatMatchNothing_AreAllNamedWithTheClosest()
    {
        string path = SmallModels.Write(_folder["m.safetensors"]);

        TersorRun run = await TersorRun.Of("inspect", path, "--include", "conv.wieght", "--exclude", "zzz", "--exclude", "(");

        run.FailsWith(
            2,
            "error[selector]: --exclude '(' is not a usable regular expression: Invalid pattern '(' at offset 1. Not enough )'s; "
            + "--include 'conv.wieght' matches no tensor. Did you mean 'conv.weight'?; --exclude 'zzz' matches no tensor");
    }

    [Fact]
    public async Task Inspect_EverythingExcluded_IsAnError() =>
        Assert.Contains("leaves no tensor", (await TersorRun.Of("inspect", "-q", SmallModels.Write(_folder["m.safetensors"]), "--exclude", ".")).Error, StringComparison.Ordinal);

    [Fact]
    public async Task Inspect_PatternThatWouldBacktrackForever_Returns()
    {
        string path = SmallModels.WriteNamed(_folder["m.safetensors"], new string('a', 5000) + "!");

        TersorRun run = await TersorRun.Of("inspect", path, "--include", "^(a+)+$");

        Assert.Equal(2, run.ExitCode);
    }

    [Fact]
    public async Task Inspect_HostileNames_CannotSteerTheTerminal()
    {
        string path = SmallModels.WriteNamed(_folder["m.safetensors"], "w\u001b[2J\nfake row");

        TersorRun run = (await TersorRun.Of("inspect", path, "--histogram")).Succeeds();

        Assert.DoesNotContain('\u001b', run.Out);
        Assert.Contains("w\\u001b[2J\\u000afake row", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_MissingFile_NamesTheNeighbour()
    {
        SmallModels.Write(_folder["model.safetensors"]);

        TersorRun run = await TersorRun.Of("inspect", _folder["modle.safetensors"]);

        run.FailsWith(2, $"error[input-missing]: {_folder["modle.safetensors"]}: no such file. Did you mean 'model.safetensors'?");
    }

    [Fact]
    public async Task Inspect_Folder_IsRefused() =>
        (await TersorRun.Of("inspect", Path.GetDirectoryName(_folder["x"])!))
            .FailsWith(2, $"error[input-missing]: {Path.GetDirectoryName(_folder["x"])} is a folder. Name a file in it.");

    [Fact]
    public async Task Inspect_TruncatedFile_ExitsThreeWithOneLine()
    {
        byte[] whole = File.ReadAllBytes(SmallModels.Write(_folder["m.safetensors"]));
        foreach (int length in new[] { 4, 100, whole.Length - 1 })
        {
            File.WriteAllBytes(_folder["cut.safetensors"], whole[..length]);

            TersorRun run = await TersorRun.Of("inspect", _folder["cut.safetensors"]);

            Assert.Equal(3, run.ExitCode);
            Assert.Equal("", run.Out);
            Assert.StartsWith($"error[malformed]: {_folder["cut.safetensors"]}", run.Error, StringComparison.Ordinal);
            Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
        }
    }

    [Fact]
    public async Task Inspect_UnknownContent_ExitsThree()
    {
        File.WriteAllText(_folder["notes.txt"], "not a model");

        TersorRun run = await TersorRun.Of("inspect", _folder["notes.txt"]);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("neither name nor content is of a known format", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_Stdin_ReadsTheSame()
    {
        byte[] bytes = File.ReadAllBytes(SmallModels.Write(_folder["m.safetensors"]));

        TersorRun run = (await TersorRun.Of(new TerminalSettings { Input = bytes }, "inspect", "-", "--json")).Succeeds();

        JsonElement input = run.Json().GetProperty("inputs")[0];
        Assert.Equal("-", input.GetProperty("path").GetString());
        Assert.Equal(272, input.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task Inspect_Onnx_SummarizesTheGraph()
    {
        string path = RepositoryFile.Lenet5;

        TersorRun run = (await TersorRun.Of("inspect", path)).Succeeds();

        Assert.Contains("  opset     ai.onnx 13\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("  input     input float32 [N, 1, 28, 28]\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_Network_MeasuresItsLayers()
    {
        JsonElement document = (await TersorRun.Of("inspect", RepositoryFile.Lenet5, "--json")).Succeeds().Json();

        JsonElement convolution = document.GetProperty("layers")[0];
        Assert.Equal("Conv '/conv1/Conv'", convolution.GetProperty("layer").GetString());
        Assert.Equal([1, 20, 24, 24], convolution.GetProperty("output").EnumerateArray().Select(dimension => dimension.GetInt32()));
        Assert.Equal(20 * 24 * 24, convolution.GetProperty("activations").GetInt64());
        Assert.Equal(20 * 24 * 24 * 25, convolution.GetProperty("multiplyAdds").GetInt64());
        Assert.Equal(520, convolution.GetProperty("parameters").GetInt64());
        JsonElement totals = document.GetProperty("totals");
        Assert.Equal(2_293_000, totals.GetProperty("multiplyAdds").GetInt64());
        Assert.Equal(431_080, totals.GetProperty("parameters").GetInt64());
    }

    [Fact]
    public async Task Inspect_CompressedNetwork_HasTheLayersOfTheOriginal()
    {
        (await TersorRun.Of("compress", RepositoryFile.Lenet5, "-o", _folder["m.nnc"], "--quality", "20", "-q")).Succeeds();

        JsonElement original = (await TersorRun.Of("inspect", RepositoryFile.Lenet5, "--json")).Succeeds().Json();
        JsonElement compressed = (await TersorRun.Of("inspect", _folder["m.nnc"], "--json")).Succeeds().Json();

        Assert.Equal(original.GetProperty("layers").ToString(), compressed.GetProperty("layers").ToString());
    }

    [Fact]
    public async Task Inspect_NetworkThatCannotRun_SaysWhyLayersAreMissing()
    {
        string path = SmallNetworks.WriteUnsupported(_folder["m.onnx"]);

        TersorRun text = (await TersorRun.Of("inspect", path)).Succeeds();
        JsonElement document = (await TersorRun.Of("inspect", path, "--json")).Succeeds().Json();

        Assert.Matches("layers are not measured: .*Frobnicate.*Quux", text.Out);
        Assert.Contains("Frobnicate", document.GetProperty("layersProblem").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, document.GetProperty("layers").ValueKind);
    }

    [Fact]
    public async Task Inspect_RememberedPreprocessing_IsShown()
    {
        string told = _folder["told.onnx"];
        (await TersorRun.Of("convert", SmallNetworks.WriteDoubling(_folder["m.onnx"]), "-o", told, "--mean", "0.25", "--channels", "bgr", "-q")).Succeeds();

        Assert.Contains(
            "  pixels    scale 0.003921569, mean 0.25, std 1, channels bgr, layout nchw\n", (await TersorRun.Of("inspect", told)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_DamagedPreprocessing_SaysHowToMendIt()
    {
        using OnnxModel model = OnnxModel.Open(SmallNetworks.WriteDoubling(_folder["m.onnx"]));
        using Model told = model.WithMetadata(new Dictionary<string, string> { ["tersor.input.std"] = "0" });
        new OnnxFormat().Write(told, _folder["told.onnx"], ModelWriteOptions.Default);

        string problem = $"{_folder["told.onnx"]}: metadata: tersor.input.std: '0' divides by zero; write it anew with tersor convert and --scale, --mean, --std\n";
        Assert.Equal("warning: " + problem, (await TersorRun.Of("inspect", _folder["told.onnx"])).Succeeds().Error);
        (await TersorRun.Of("evaluate", _folder["told.onnx"], "--data", "digits:1,1")).FailsWith(3, "error[malformed]: " + problem.TrimEnd());
    }
}
