using System.Diagnostics;
using System.Security.Cryptography;

namespace Tersor.Cli.Tests;

/// <summary>The bytes do not depend on the machine: with vector instructions switched off, file and weights are the same.</summary>
public sealed class InstructionSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string[]> Settings => new([], ["--method", "uniform"], ["--method", "codebook"]);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task CompressAndDecompress_GiveTheSameBytesUnderEveryInstructionSet(string[] settings)
    {
        string[] disabled = ["", "DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic"];
        (string Compressed, string Decompressed)[] hashes = await Task.WhenAll(disabled.Select(async variable =>
        {
            string nnc = _folder[$"{variable}.nnc"];
            string onnx = _folder[$"{variable}.onnx"];
            await RunAsync(variable, ["compress", RepositoryFile.Lenet5, "-o", nnc, .. settings]);
            await RunAsync(variable, ["decompress", nnc, "-o", onnx]);
            return (Hash(nnc), Hash(onnx));
        }));

        Assert.Single(hashes.Distinct());
    }

    private static string Hash(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));

    private static async Task RunAsync(string disabled, string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [typeof(TersorCommand).Assembly.Location, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (disabled.Length > 0) start.Environment[disabled] = "0";
        using Process process = Process.Start(start)!;
        Task<string> text = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{disabled}: {error}{await text}");
    }
}
