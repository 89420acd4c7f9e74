using System.Text.Json;

namespace Tersor.Cli.Tests.Commands;

public sealed class DiffCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Diff_OneValueOff_NamesTheTensor()
    {
        string a = SmallModels.Write(_folder["a.safetensors"]);
        string b = SmallModels.Write(_folder["b.safetensors"], lastWeight: 1.25f);

        TersorRun run = (await TersorRun.Of("diff", a, b)).Succeeds();

        Assert.Equal(
            """
             tensor        status       shape   SQNR dB     cosine   max abs
            ─────────────────────────────────────────────────────────────────
             conv.weight   differs      2x3       16.02   0.993859      0.25
             conv.bias     equal bits   2           inf   1.000000         0
             steps         equal bits   1           inf   1.000000         0
            ─────────────────────────────────────────────────────────────────
             3 tensors     1 differ               16.23   0.993859      0.25

            """,
            run.Out);
    }

    [Fact]
    public async Task Diff_Json_HasTheWorstOverAll()
    {
        string a = SmallModels.Write(_folder["a.safetensors"]);
        string b = SmallModels.Write(_folder["b.safetensors"], lastWeight: 1.25f);

        JsonElement document = (await TersorRun.Of("diff", a, b, "--json")).Succeeds().Json();

        Assert.Equal(0.25, document.GetProperty("totals").GetProperty("maxAbs").GetDouble());
        Assert.Equal("Infinity", document.GetProperty("tensors")[1].GetProperty("sqnr").GetString());
        Assert.Equal(2, document.GetProperty("inputs").GetArrayLength());
        Assert.Equal([2, 3], document.GetProperty("tensors")[0].GetProperty("a").GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()));
    }

    [Fact]
    public async Task Diff_FailAbove_ExitsFiveAndStillPrints()
    {
        string a = SmallModels.Write(_folder["a.safetensors"]);
        string b = SmallModels.Write(_folder["b.safetensors"], lastWeight: 1.25f);

        TersorRun below = await TersorRun.Of("diff", a, b, "--fail-above", "0.25");
        TersorRun above = await TersorRun.Of("diff", a, b, "--fail-above", "0.2");

        below.Succeeds();
        Assert.Equal(5, above.ExitCode);
        Assert.Equal(below.Out, above.Out);
        Assert.Equal("error[mismatch]: tensor 'conv.weight' differs by up to 0.25, --fail-above allows 0.2\n", above.Error);
    }

    [Fact]
    public async Task Diff_TensorsWithoutCounterpart_AreListedAndFailABound()
    {
        string a = SmallModels.WriteNamed(_folder["a.safetensors"], "x", "both");
        string b = SmallModels.WriteNamed(_folder["b.safetensors"], "both", "y");

        TersorRun run = await TersorRun.Of("diff", a, b, "--fail-above", "1");

        Assert.Equal(5, run.ExitCode);
        Assert.Contains("\n x           only in A          2             -          -         -\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("\n y           only in B ", run.Out, StringComparison.Ordinal);
        Assert.Contains("2 not comparable", run.Out, StringComparison.Ordinal);
        Assert.Equal("error[mismatch]: tensor 'x' cannot be compared: only in A\n", run.Error);
    }

    [Fact]
    public async Task Diff_OtherShape_IsNotCompared()
    {
        string a = SmallModels.Write(_folder["a.safetensors"]);
        string b = SmallModels.WriteNamed(_folder["b.safetensors"], "conv.weight");

        TersorRun run = (await TersorRun.Of("diff", a, b, "--include", "weight", "-q")).Succeeds();

        Assert.Contains(" conv.weight   shape mismatch     2x3 | 2 ", run.Out, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Diff_BothFromStdin_IsRefused() =>
        (await TersorRun.Of("diff", "-", "-")).FailsWith(2, "error[usage]: only one of the two models can come from stdin");

    [SkippableFact]
    public async Task Diff_AcrossFormats_MatchesByName()
    {
        string onnx = RepositoryFile.Lenet5;
        string safetensors = SharedAssets.Require("models/lenet5.safetensors");

        TersorRun run = (await TersorRun.Of("diff", onnx, safetensors, "--fail-above", "0", "--json")).Succeeds();

        Assert.Equal(0, run.Json().GetProperty("totals").GetProperty("maxAbs").GetDouble());
        Assert.Equal(8, run.Json().GetProperty("totals").GetProperty("compared").GetInt32());
    }
}
