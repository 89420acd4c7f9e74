using System.Diagnostics;
using System.Text.Json;

namespace Tersor.Cli.Tests;

/// <summary>The built command as its own process: what only a process has are signals, real streams, an environment and a heap.</summary>
public sealed class ChildProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ExitCodeAndStreams_AreThoseOfTheContract()
    {
        TersorRun run = await RunAsync(["inspect", "no-such-file"]);

        run.FailsWith(2, "error[input-missing]: no-such-file: no such file");
    }

    [Theory]
    [InlineData("NO_COLOR", "1")]
    [InlineData("TERM", "dumb")]
    [InlineData("TERM", "xterm-256color")]
    public async Task RedirectedStreams_CarryNoEscapes(string variable, string value)
    {
        TersorRun run = (await RunAsync(["inspect", SmallModels.Write(_folder["m.safetensors"]), "--histogram"], (variable, value))).Succeeds();

        Assert.DoesNotContain('\u001b', run.Out + run.Error);
        Assert.Contains("conv.weight", run.Out, StringComparison.Ordinal);
        Assert.Contains('█', run.Out);
    }

    [Theory]
    [InlineData("en_US.UTF-8")]
    [InlineData("de_DE.UTF-8")]
    [InlineData("C")]
    public async Task Locale_ChangesNothing(string locale)
    {
        string path = SmallModels.Write(_folder["m.safetensors"]);

        TersorRun here = (await TersorRun.Of("inspect", path, "--histogram")).Succeeds();
        TersorRun there = (await RunAsync(["inspect", path, "--histogram"], ("LC_ALL", locale))).Succeeds();

        Assert.Equal(here, there);
    }

    [Fact]
    public async Task MemoryLimit_IsEnforcedByTheRuntime()
    {
        string path = WriteSafetensorsOfManyNames();

        (await RunAsync(["inspect", "-q", path, "--memory-limit", "64MB"])).FailsWith(
            6,
            "error[out-of-memory]: the work needs more memory than there is or than --memory-limit allows. "
            + "Raise --memory-limit, lower --threads, or use a machine with more memory.");
    }

    [SkippableFact]
    public async Task DiskFull_ExitsSixWithOneLine()
    {
        Skip.IfNot(File.Exists("/dev/full"), "there is no /dev/full");
        string path = SmallModels.Write(_folder["m.safetensors"]);
        using Process process = Start(["inspect", path, "--json"], shellSuffix: " > /dev/full");
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(6, process.ExitCode);
        Assert.StartsWith("error[disk-full]: ", error, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("INT", "convert", "copy.safetensors")]
    [InlineData("TERM", "convert", "copy.safetensors")]
    [InlineData("INT", "compress", "copy.nnc")]
    public async Task Signal_EndsWith130AndLeavesNothingBehind(string signal, string verb, string outputName)
    {
        Skip.If(OperatingSystem.IsWindows(), "signals are sent with kill");
        string input = WriteSparseSafetensors(gigabytes: 1);
        using Process process = Start([verb, input, "-o", _folder[outputName], "--json"]);
        Task<string> text = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(2));
        while (_folder.FileNames.Length < 2)
        {
            Assert.False(process.HasExited, "the command ended before it began to write");
            await Task.Delay(5, deadline.Token);
        }

        Skip.If(IgnoresSignal(process, signal), $"SIG{signal} is ignored in this session, and so it is in its children");
        Process.Start("kill", [$"-{signal}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).WaitForExit();
        await process.WaitForExitAsync(deadline.Token);

        // Lines of progress may stand before.
        Assert.EndsWith("error[cancelled]: stopped before the end. No output was left behind.\n", await error, StringComparison.Ordinal);
        Assert.Equal(130, process.ExitCode);
        using JsonDocument document = JsonDocument.Parse(await text);
        Assert.Equal("cancelled", document.RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(["big.safetensors"], _folder.FileNames);
    }

    private static async Task<TersorRun> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        using Process process = Start(arguments, environment);
        Task<string> text = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new TersorRun(process.ExitCode, await text, error);
    }

    private static Process Start(string[] arguments, (string Name, string Value)[]? environment = null, string? shellSuffix = null)
    {
        string command = typeof(TersorCommand).Assembly.Location;
        ProcessStartInfo start = shellSuffix is null
            ? new ProcessStartInfo("dotnet", [command, .. arguments])
            : new ProcessStartInfo("sh", ["-c", $"exec dotnet \"$@\"{shellSuffix}", "sh", command, .. arguments]);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.StandardOutputEncoding = start.StandardErrorEncoding = System.Text.Encoding.UTF8;
        foreach ((string name, string value) in environment ?? []) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    // A bit mask in hexadecimal; signal 1 is the lowest bit.
    private static bool IgnoresSignal(Process process, string signal)
    {
        string status = $"/proc/{process.Id}/status";
        if (!File.Exists(status)) return false;
        string mask = File.ReadLines(status).First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:".Length..].Trim();
        int number = signal == "INT" ? 2 : 15;
        return (Convert.ToUInt64(mask, 16) >> (number - 1) & 1) != 0;
    }

    // The weights are a hole in the file: no time to make, no room on the disk.
    private string WriteSparseSafetensors(int gigabytes)
    {
        const int Tensors = 8;
        long bytes = ((long)gigabytes << 30) / Tensors;
        string path = _folder["big.safetensors"];
        string entries = string.Join(',', Enumerable.Range(0, Tensors).Select(
            i => FormattableString.Invariant($"\"w{i}\":{{\"dtype\":\"U8\",\"shape\":[{bytes}],\"data_offsets\":[{i * bytes},{(i + 1) * bytes}]}}")));
        byte[] header = System.Text.Encoding.UTF8.GetBytes("{" + entries + "}");
        using FileStream file = File.Create(path);
        file.Write(BitConverter.GetBytes((long)header.Length));
        file.Write(header);
        file.SetLength(8 + header.Length + (bytes * Tensors));
        return path;
    }

    // A header of some 20 MB that takes ten times as much when read.
    private string WriteSafetensorsOfManyNames()
    {
        string path = _folder["many.safetensors"];
        string entries = string.Join(',', Enumerable.Range(0, 300_000).Select(
            i => FormattableString.Invariant($"\"layer{i}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}")));
        byte[] header = System.Text.Encoding.UTF8.GetBytes("{" + entries + "}");
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. header]);
        return path;
    }
}
