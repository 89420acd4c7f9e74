namespace Tersor.Cli.Tests.Commands;

public sealed class VerifyCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Verify_WholeFile_SaysOkOfEveryTensor()
    {
        TersorRun run = (await TersorRun.Of("verify", SmallModels.Write(_folder["m.safetensors"]))).Succeeds();

        Assert.Equal(
            """
             tensor        type      shape   bytes   status
            ────────────────────────────────────────────────
             conv.weight   float32   2x3        24   ok
             conv.bias     float32   2           8   ok
             steps         int64     1           8   ok
            ────────────────────────────────────────────────
             3 tensors                          40   ok

            """,
            run.Out);
    }

    [Fact]
    public async Task Verify_Quiet_OnlyReturns()
    {
        TersorRun run = (await TersorRun.Of("verify", "-q", SmallModels.Write(_folder["m.safetensors"]))).Succeeds();

        Assert.Equal("", run.Out + run.Error);
    }

    [Fact]
    public async Task Verify_ArrayWhoseCheckValueIsWrong_ExitsThreeAndNamesIt()
    {
        (await TersorRun.Of("convert", SmallModels.Write(_folder["m.safetensors"]), "-o", _folder["m.npz"])).Succeeds();
        (await TersorRun.Of("verify", _folder["m.npz"])).Succeeds();
        byte[] archive = File.ReadAllBytes(_folder["m.npz"]);
        archive[archive.AsSpan().IndexOf(BitConverter.GetBytes(-0.25f))] ^= 1;
        File.WriteAllBytes(_folder["m.npz"], archive);

        TersorRun run = await TersorRun.Of("verify", _folder["m.npz"], "--json");

        Assert.Equal(3, run.ExitCode);
        Assert.Equal(["ok", "damaged", "ok"], run.Json().GetProperty("tensors").EnumerateArray().Select(tensor => tensor.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Verify_TruncatedFileUnderJson_ExitsThreeWithADocument()
    {
        byte[] whole = File.ReadAllBytes(SmallModels.Write(_folder["m.safetensors"]));
        File.WriteAllBytes(_folder["cut.safetensors"], whole[..^3]);

        TersorRun run = await TersorRun.Of("verify", _folder["cut.safetensors"], "--json");

        Assert.Equal(3, run.ExitCode);
        Assert.Equal("malformed", run.Json().GetProperty("error").GetProperty("code").GetString());
    }
}
