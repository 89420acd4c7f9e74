using System.Text.Json;

namespace Tersor.Cli.Tests.Commands;

public sealed class DecompressCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Decompress_ShardTooSmallForATensor_SaysHowMuchItTakes()
    {
        (await TersorRun.Of("compress", SmallModels.WriteGaussian(_folder["m.safetensors"]))).Succeeds();

        TersorRun run = await TersorRun.Of("decompress", _folder["m.nnc"], "-o", _folder["o.safetensors"], "--max-shard-size", "20");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("error[usage]: --max-shard-size 20: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(["m.nnc", "m.safetensors"], _folder.FileNames);
    }

    [Theory]
    [InlineData("back.safetensors")]
    [InlineData("back.npz")]
    public async Task Decompress_EveryTarget_HasTheTensors(string name)
    {
        await CompressAsync();

        TersorRun run = (await TersorRun.Of("decompress", _folder["m.nnc"], "-o", _folder[name])).Succeeds();

        Assert.StartsWith($"{_folder[name]}: 4 tensors, ", run.Out, StringComparison.Ordinal);
        JsonElement totals = (await TersorRun.Of("diff", _folder["m.nnc"], _folder[name], "--fail-above", "0", "--json")).Succeeds().Json().GetProperty("totals");
        Assert.Equal(4, totals.GetProperty("compared").GetInt32());
        Assert.Equal(0, totals.GetProperty("different").GetInt32());
    }

    [Fact]
    public async Task Decompress_WithoutOutput_TakesTheInputsName()
    {
        await CompressAsync();
        File.Delete(_folder["m.safetensors"]);

        (await TersorRun.Of("decompress", _folder["m.nnc"], "-q")).Succeeds();

        Assert.Equal(["m.nnc", "m.safetensors"], _folder.FileNames);
    }

    [Fact]
    public async Task Decompress_Include_WritesOnlyThose()
    {
        await CompressAsync();

        TersorRun run = (await TersorRun.Of("decompress", _folder["m.nnc"], "-o", _folder["part.npz"], "--include", "weight$")).Succeeds();

        Assert.Equal("--include 'weight$': 2 tensors: conv.weight, fc.weight\n", run.Error);
        Assert.StartsWith($"{_folder["part.npz"]}: 2 tensors, ", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decompress_Pipe_WritesTheModelToStdout()
    {
        await CompressAsync();
        (await TersorRun.Of("decompress", "-q", _folder["m.nnc"], "-o", _folder["back.safetensors"])).Succeeds();
        TerminalSettings settings = new() { Input = File.ReadAllBytes(_folder["m.nnc"]) };

        (await TersorRun.Of(settings, "decompress", "-")).Succeeds();

        Assert.Equal(File.ReadAllBytes(_folder["back.safetensors"]), settings.Output.ToArray());
    }

    [Fact]
    public async Task Decompress_SomethingElse_PointsToConvert()
    {
        string input = SmallModels.Write(_folder["m.safetensors"]);

        (await TersorRun.Of("decompress", input, "-o", _folder["o.npz"]))
            .FailsWith(2, $"error[usage]: {input} is safetensors, not a compressed model. Use tersor convert.");
    }

    [Fact]
    public async Task Decompress_ToNnc_IsRefused()
    {
        await CompressAsync();

        TersorRun run = await TersorRun.Of("decompress", _folder["m.nnc"], "-o", _folder["o.nnc"]);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"error[usage]: {_folder["o.nnc"]}: nnc is written by tersor compress only.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DecompressAndVerify_DamagedFiles_ExitThreeAndLeaveNothing()
    {
        await CompressAsync();
        byte[] whole = File.ReadAllBytes(_folder["m.nnc"]);
        Seeded random = new(3);
        int refused = 0;
        for (int i = 0; i < 24; i++)
        {
            File.WriteAllBytes(_folder["cut.nnc"], whole[..random.NextInt(whole.Length)]);

            TersorRun verify = await TersorRun.Of("verify", "-q", _folder["cut.nnc"]);
            TersorRun decompress = await TersorRun.Of("decompress", _folder["cut.nnc"], "-o", _folder["cut.npz"], "--force");

            // A cut between two units leaves a shorter valid stream.
            Assert.True(verify.ExitCode is 0 or 3, verify.Error);
            Assert.Equal(verify.ExitCode, decompress.ExitCode);
            if (verify.ExitCode == 0) continue;
            refused++;
            Assert.StartsWith("error[malformed]: ", decompress.Error, StringComparison.Ordinal);
            Assert.Single(decompress.Error.TrimEnd('\n').Split('\n'));
            Assert.False(File.Exists(_folder["cut.npz"]));
        }

        Assert.InRange(refused, 12, 24);
    }

    [SkippableFact]
    public async Task Inspect_ReferenceStream_NamesUnitsAndCodebooks()
    {
        string path = SharedAssets.Require("vectors/nnc/e2-05-codebook/stream.nnc");

        TersorRun run = (await TersorRun.Of("inspect", path)).Succeeds();

        Assert.Equal(
            $"""
            {path}: nnc, 202 bytes
              edition   2
              steps     4 per octave, base QP 0
              topology  none, named tensors only
             tensor       coded as             shape   elements    N   scan   bits/weight   bytes
            ──────────────────────────────────────────────────────────────────────────────────────
             w            levels, codebook 4   18x21        378   11      0         2.349     111
             c1           levels, codebook 1   4x6           24   11      0         6.667      20
             pos          levels, codebook 3   6x5           30   11      0         7.733      29
             b            levels, codebook 7   9              9   11      0        21.333      24
             (headers)                                                                         12
             (topology)                                                                         6
            ──────────────────────────────────────────────────────────────────────────────────────
             4 tensors                                      441                     3.664     202

            """,
            run.Out);
    }

    [SkippableFact]
    public async Task Verify_EveryReferenceStream_IsWhole()
    {
        string folder = SharedAssets.Require("vectors/nnc");
        foreach (string path in Directory.GetFiles(folder, "stream.nnc", SearchOption.AllDirectories)) (await TersorRun.Of("verify", "-q", path)).Succeeds();
    }

    [SkippableFact]
    public async Task Decompress_AsCoded_LeavesTheFactorsAlone()
    {
        string path = SharedAssets.Require("vectors/nnc/e1-13-block-decomposed/stream.nnc");

        JsonElement composed = (await TersorRun.Of("decompress", path, "-o", _folder["c.npz"], "--json")).Succeeds().Json();
        JsonElement coded = (await TersorRun.Of("decompress", path, "-o", _folder["f.npz"], "--as-coded", "--json")).Succeeds().Json();

        Assert.True(coded.GetProperty("totals").GetProperty("tensors").GetInt32() > composed.GetProperty("totals").GetProperty("tensors").GetInt32());
    }

    private async Task CompressAsync() => (await TersorRun.Of("compress", "-q", SmallModels.WriteGaussian(_folder["m.safetensors"]), "--qp", "-20")).Succeeds();
}
