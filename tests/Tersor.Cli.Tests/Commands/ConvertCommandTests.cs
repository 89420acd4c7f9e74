using System.Text.Json;

namespace Tersor.Cli.Tests.Commands;

public sealed class ConvertCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Convert_MakesFoldersAndReportsWhatItWrote()
    {
        string input = SmallModels.Write(_folder["m.safetensors"]);
        string output = Path.Combine(_folder["new"], "deeper", "out.safetensors");

        TersorRun run = (await TersorRun.Of("convert", input, "-o", output, "--json")).Succeeds();

        Assert.Equal(File.ReadAllBytes(input), File.ReadAllBytes(output));
        JsonElement written = Assert.Single(run.Json().GetProperty("outputs").EnumerateArray());
        Assert.Equal(output, written.GetProperty("path").GetString());
        Assert.Equal(new FileInfo(output).Length, written.GetProperty("bytes").GetInt64());
        Assert.Equal(run.Json().GetProperty("inputs")[0].GetProperty("sha256").GetString(), written.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task Convert_Text_IsOneLine()
    {
        string input = SmallModels.Write(_folder["m.safetensors"]);
        string output = _folder["out.safetensors"];

        TersorRun run = (await TersorRun.Of("convert", input, "-o", output)).Succeeds();

        Assert.Equal($"{output}: 3 tensors, 40 bytes of weights, safetensors to safetensors\n", run.Out);
    }

    [Fact]
    public async Task Convert_Quiet_PrintsNothing()
    {
        string input = SmallModels.Write(_folder["m.safetensors"]);

        TersorRun run = (await TersorRun.Of("convert", input, "-o", _folder["out.safetensors"], "-q")).Succeeds();

        Assert.Equal("", run.Out + run.Error);
    }

    [Fact]
    public async Task Convert_ExistingOutput_IsLeftAloneWithoutForce()
    {
        string input = SmallModels.Write(_folder["m.safetensors"]);
        File.WriteAllText(_folder["out.safetensors"], "precious");

        (await TersorRun.Of("convert", input, "-o", _folder["out.safetensors"]))
            .FailsWith(2, $"error[output-exists]: {_folder["out.safetensors"]} exists already. Pass --force to replace it.");
        Assert.Equal("precious", File.ReadAllText(_folder["out.safetensors"]));

        (await TersorRun.Of("convert", input, "-o", _folder["out.safetensors"], "--force")).Succeeds();
        Assert.Equal(File.ReadAllBytes(input), File.ReadAllBytes(_folder["out.safetensors"]));
    }

    [Fact]
    public async Task Convert_OntoItself_WorksWithForce()
    {
        string input = SmallModels.Write(_folder["m.safetensors"]);
        byte[] before = File.ReadAllBytes(input);

        (await TersorRun.Of("convert", input, "-o", input, "--force")).Succeeds();

        Assert.Equal(before, File.ReadAllBytes(input));
        Assert.Equal(["m.safetensors"], _folder.FileNames);
    }

    [Fact]
    public async Task Convert_DryRun_WritesNothing()
    {
        string input = SmallModels.Write(_folder["m.safetensors"]);

        TersorRun run = (await TersorRun.Of("convert", input, "-o", _folder["out.safetensors"], "--dry-run")).Succeeds();

        Assert.Equal($"would write {_folder["out.safetensors"]}: 3 tensors, 40 bytes of weights, safetensors to safetensors\n", run.Out);
        Assert.Equal(["m.safetensors"], _folder.FileNames);
    }

    [Fact]
    public async Task Convert_Shards_AreAllReported()
    {
        string input = SmallModels.WriteNamed(_folder["m.safetensors"], "a", "b", "c");

        TersorRun run = (await TersorRun.Of("convert", input, "-o", _folder["out.safetensors.index.json"], "--max-shard-size", "90", "--json")).Succeeds();

        string[] written = [.. run.Json().GetProperty("outputs").EnumerateArray().Select(output => output.GetProperty("path").GetString()!)];
        Assert.Equal(4, written.Length);
        Assert.All(written, path => Assert.True(File.Exists(path)));
        (await TersorRun.Of("diff", input, _folder["out.safetensors.index.json"], "--fail-above", "0")).Succeeds();
    }

    [Theory]
    [InlineData("out.xyz", "the ending names no format")]
    [InlineData("out.safetensor", "the ending names no format. Did you mean '.safetensors'?")]
    public async Task Convert_UnknownEnding_IsRefused(string name, string problem)
    {
        TersorRun run = await TersorRun.Of("convert", SmallModels.Write(_folder["m.safetensors"]), "-o", _folder[name]);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"error[usage]: {_folder[name]}: {problem}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_OptionOfAnotherFormat_IsRefusedNotIgnored() =>
        (await TersorRun.Of("convert", SmallModels.Write(_folder["m.safetensors"]), "-o", _folder["o.safetensors"], "--external-data", "inline"))
            .FailsWith(2, "error[usage]: --external-data is for ONNX outputs, not safetensors. Drop the option or name another output.");

    [Fact]
    public async Task Convert_ShardTooSmallForATensor_SaysHowMuchItTakes()
    {
        TersorRun run = await TersorRun.Of("convert", SmallModels.Write(_folder["m.safetensors"]), "-o", _folder["o.safetensors"], "--max-shard-size", "20");

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error[usage]: --max-shard-size 20: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(["m.safetensors"], _folder.FileNames);
    }

    [Fact]
    public async Task Convert_Cancelled_LeavesNothing()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        string input = SmallModels.Write(_folder["m.safetensors"]);

        TersorRun run = await TersorRun.Of(new TerminalSettings { Cancellation = source.Token }, "convert", input, "-o", _folder["o.safetensors"]);

        run.FailsWith(130, "error[cancelled]: stopped before the end. No output was left behind.");
        Assert.Equal(["m.safetensors"], _folder.FileNames);
    }

    [Fact]
    public async Task Convert_MemoryLimit_BoundsTheHeap()
    {
        long limit = 0;
        string input = SmallModels.Write(_folder["m.safetensors"]);

        (await TersorRun.Of(new TerminalSettings { LimitMemory = bytes => limit = bytes }, "convert", input, "-o", _folder["o.safetensors"], "--memory-limit", "512MB"))
            .Succeeds();

        Assert.Equal(512_000_000, limit);
    }

    [Fact]
    public async Task Convert_MemoryLimitBelowTheCommandsOwnNeed_IsRefused() =>
        (await TersorRun.Of("convert", SmallModels.Write(_folder["m.safetensors"]), "-o", _folder["o.npz"], "--memory-limit", "1MiB"))
            .FailsWith(6, "error[resource-limit]: --memory-limit of 1,048,576 bytes is less than the command needs for itself; allow at least 32MiB");

    [Fact]
    public async Task Convert_OnnxToTensorsOnly_WarnsThatTheGraphStays()
    {
        string input = RepositoryFile.Lenet5;

        TersorRun run = (await TersorRun.Of("convert", input, "-o", _folder["o.safetensors"], "--json")).Succeeds();

        Assert.Equal($"warning: safetensors keeps tensors only: the graph of {input} stays behind\n", run.Error);
        Assert.Single(run.Json().GetProperty("warnings").EnumerateArray());
    }

    [Fact]
    public async Task Convert_Preprocessing_ReplacesWhatWasRememberedAndNothingElse()
    {
        string told = _folder["told.onnx"];
        (await TersorRun.Of("convert", RepositoryFile.Lenet5, "-o", told, "--mean", "0.25", "--std", "0.5")).Succeeds();
        (await TersorRun.Of("convert", told, "-o", _folder["again.onnx"], "--mean", "0.5")).Succeeds();

        JsonElement before = (await TersorRun.Of("inspect", RepositoryFile.Lenet5, "--json")).Succeeds().Json();
        JsonElement document = (await TersorRun.Of("inspect", _folder["again.onnx"], "--json")).Succeeds().Json();
        JsonElement preprocessing = document.GetProperty("preprocessing");
        Assert.Equal(0.5, preprocessing.GetProperty("mean")[0].GetDouble());
        Assert.Equal(0.5, preprocessing.GetProperty("std")[0].GetDouble());
        Assert.Equal("nchw", preprocessing.GetProperty("layout").GetString());
        Assert.Equal(5, document.GetProperty("metadata").EnumerateObject().Count(entry => entry.Name.StartsWith("tersor.input.", StringComparison.Ordinal)));
        Assert.Equal(before.GetProperty("onnx").ToString(), document.GetProperty("onnx").ToString());
        (await TersorRun.Of("diff", RepositoryFile.Lenet5, _folder["again.onnx"], "--fail-above", "0")).Succeeds();
        Assert.Equal(File.ReadAllBytes(RepositoryFile.Lenet5), File.ReadAllBytes(told)[..(int)new FileInfo(RepositoryFile.Lenet5).Length]);
    }

    [Fact]
    public async Task Convert_PreprocessingIntoAFormatWithoutMetadata_IsRefused()
    {
        string input = SmallModels.Write(_folder["m.safetensors"]);

        (await TersorRun.Of("convert", input, "-o", _folder["out.npz"], "--scale", "1"))
            .FailsWith(2, "error[usage]: npz keeps no metadata, so that preprocessing cannot be remembered. Name another output.");
        (await TersorRun.Of("convert", input, "-o", _folder["out.safetensors"], "--scale", "1")).Succeeds();
        Assert.Contains("tersor.input.scale = 1\n", (await TersorRun.Of("inspect", _folder["out.safetensors"])).Out, StringComparison.Ordinal);
    }
}
