using System.Text.Json;
using Tersor.Models;

namespace Tersor.Cli.Tests.Commands;

/// <summary>Deep Compression files under the verbs that know them.</summary>
public sealed class DczTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Convert_ThereAndBack_GivesTheBytesOfTheModel()
    {
        string model = SmallNetworks.WriteThreeClasses(_folder["m.onnx"]);

        TersorRun there = (await TersorRun.Of("convert", model, "-o", _folder["m.dcz"])).Succeeds();
        (await TersorRun.Of("convert", _folder["m.dcz"], "-o", _folder["back.onnx"])).Succeeds();

        // The graph travels along: nothing is to be warned of.
        Assert.Equal("", there.Error);
        Assert.Equal(File.ReadAllBytes(model), File.ReadAllBytes(_folder["back.onnx"]));
        (await TersorRun.Of("verify", _folder["m.dcz"])).Succeeds();
        (await TersorRun.Of("diff", model, _folder["m.dcz"], "--fail-above", "0")).Succeeds();
    }

    [Fact]
    public async Task Evaluate_RunsTheNetworkInTheFile()
    {
        string data = SmallNetworks.WriteArrays(_folder["data.npz"], new Tensor("x", new TensorShape(2, 4), [1, 0, 0, 9, 0, 0, 1, 9]), SmallNetworks.Integers("y", new TensorShape(2), 0, 2));
        (await TersorRun.Of("convert", SmallNetworks.WriteDoubling(_folder["m.onnx"]), "-o", _folder["m.dcz"])).Succeeds();

        TersorRun run = (await TersorRun.Of("evaluate", _folder["m.dcz"], "--data", $"npz:{data}", "--json")).Succeeds();

        Assert.Equal(1, run.Json().GetProperty("top1").GetDouble());
    }

    [Fact]
    public async Task Inspect_PrintsTheColumnsOfThePublishedTables()
    {
        string path = WriteShared();

        TersorRun run = (await TersorRun.Of("inspect", path)).Succeeds();

        Assert.Equal(
            $"""
            {path}: dcz, 103 bytes
              topology  none, named tensors only
              weights   35 bytes of ids, indices and codebooks for 1,600: 45.7 times smaller, as published tables count
              beside    11 bytes of code lengths, 12 of tensors as they are
             tensor        coded as   shape   elements     kept   values   id bits   index bits   entries   fillers   bits/id   bits/index   bits/weight   bytes
            ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
             fc.weight     shared     20x20        400   10.0 %        5         3            4        40         0     2.000        1.000         0.920      46
             fc.bias       raw        3              3                                                                                            32.000      12
             (directory)                                                                                                                                      45
            ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
             2 tensors                             403                                                                                             2.045     103

            """,
            run.Out);
    }

    [Fact]
    public async Task InspectJson_AddsUpToTheFile()
    {
        string path = WriteShared();

        JsonElement dcz = (await TersorRun.Of("inspect", path, "--json")).Succeeds().Json().GetProperty("dcz");

        JsonElement weight = dcz.GetProperty("stored")[0];
        Assert.Equal(40, weight.GetProperty("kept").GetInt32());
        Assert.Equal(5, weight.GetProperty("values").GetInt32());
        Assert.Equal(weight.GetProperty("entries").GetInt64(), 40 + weight.GetProperty("fillers").GetInt64());
        long published = weight.GetProperty("codebookBytes").GetInt64() + weight.GetProperty("idBytes").GetInt64() + weight.GetProperty("indexBytes").GetInt64();
        Assert.Equal(published, dcz.GetProperty("publishedBytes").GetInt64());
        Assert.Equal(weight.GetProperty("bytes").GetInt64(), published + dcz.GetProperty("codeLengthBytes").GetInt64());
        Assert.Equal(1600, dcz.GetProperty("denseBytes").GetInt64());
        Assert.Equal(12, dcz.GetProperty("rawBytes").GetInt64());
    }

    [Fact]
    public async Task Verify_DamagedWeights_AreNamed()
    {
        string path = WriteShared();
        JsonElement weight = (await TersorRun.Of("inspect", path, "--json")).Json().GetProperty("dcz").GetProperty("stored")[0];
        byte[] bytes = File.ReadAllBytes(path);
        bytes[weight.GetProperty("offset").GetInt64() + weight.GetProperty("codebookBytes").GetInt64()] ^= 0x30;
        File.WriteAllBytes(path, bytes);

        TersorRun run = await TersorRun.Of("verify", path);

        Assert.Equal(3, run.ExitCode);
        Assert.StartsWith($"error[malformed]: {path}: tensor 'fc.weight' (byte ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compress_ToTheSmallerContainer_WritesBothAndKeepsOne_AndSaysSo()
    {
        WriteShared();
        long dcz = new FileInfo(_folder["m.dcz"]).Length;
        (await TersorRun.Of("compress", _folder["m.dcz"], "--lossless", "-o", _folder["alone.nnc"], "-q")).Succeeds();
        long nnc = new FileInfo(_folder["alone.nnc"]).Length;

        TersorRun run = (await TersorRun.Of("compress", _folder["m.dcz"], "--lossless", "--container", "smaller", "-o", _folder["out"], "--json")).Succeeds();

        string kept = nnc <= dcz ? "out.nnc" : "out.dcz";
        Assert.Equal(["alone.nnc", "m.dcz", kept], _folder.FileNames.Order(StringComparer.Ordinal));
        Assert.Equal(Math.Min(nnc, dcz), new FileInfo(_folder[kept]).Length);
        JsonElement report = run.Json();
        Assert.Equal((nnc, dcz), (report.GetProperty("container").GetProperty("nncBytes").GetInt64(), report.GetProperty("container").GetProperty("dczBytes").GetInt64()));
        Assert.Equal(Math.Min(nnc, dcz), report.GetProperty("totals").GetProperty("bytes").GetInt64());
        Assert.Equal(_folder[kept], Assert.Single(report.GetProperty("outputs").EnumerateArray()).GetProperty("path").GetString());
        Assert.Contains($"{(nnc <= dcz ? "dcz" : "nnc")} would take {Math.Max(nnc, dcz)}", run.Error, StringComparison.Ordinal);
        (await TersorRun.Of("diff", _folder["m.dcz"], _folder[kept], "--fail-above", "0")).Succeeds();
    }

    [Theory]
    [InlineData("out.nnc", "--container smaller decides the ending, which says nnc", "--lossless")]
    [InlineData("out.dcz", "--container smaller decides the ending, which says dcz", "--lossless")]
    [InlineData("-", "not stdout", "--lossless")]
    [InlineData("out", "Add --lossless.")]
    [InlineData("out", "--topology none leaves it out", "--lossless", "--topology", "none")]
    [InlineData("out", "--save-plan keeps how an NNC file was made", "--lossless", "--save-plan", "p.json")]
    [InlineData("m", "is what is read", "--lossless", "--force")]
    public async Task Compress_ToTheSmallerContainer_RefusesWhatContradictsIt(string output, string problem, params string[] options)
    {
        WriteShared();

        TersorRun run = await TersorRun.Of(["compress", _folder["m.dcz"], "-o", output == "-" ? "-" : _folder[output], "--container", "smaller", .. options]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Equal(["m.dcz"], _folder.FileNames);
    }

    // 20 x 20 weights, of which every tenth is one of four values, and three biases.
    private string WriteShared()
    {
        float[] weights = new float[400];
        for (int i = 0; i < 400; i += 10) weights[i] = (i / 10 % 4 / 2f) - 0.75f;
        Tensor[] tensors = [new("fc.weight", new TensorShape(20, 20), weights), new("fc.bias", new TensorShape(3), [1, 2, 3])];
        ModelFormats.ForName("dcz")!.Write(new Model("memory", "memory", tensors), _folder["m.dcz"], ModelWriteOptions.Default);
        return _folder["m.dcz"];
    }
}
