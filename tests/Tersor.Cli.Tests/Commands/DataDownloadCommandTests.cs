using Tersor.Engine.Tests.Data;

namespace Tersor.Cli.Tests.Commands;

public sealed class DataDownloadCommandTests : IDisposable
{
    private const string Images = "train-images-idx3-ubyte.gz";

    private readonly TemporaryFolder _folder = new();
    private readonly LocalServer _server = new();

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Download_FileThatIsNotThePublishedOne_IsMalformed()
    {
        _server.Files[Images] = new byte[9_912_422];

        TersorRun run = await Download("mnist");

        Assert.Equal(3, run.ExitCode);
        Assert.Matches(
            $@"^error\[checksum\]: {_server.Address}{Images}: SHA-256 is [0-9a-f]{{64}}, the published one is 440fcabf[0-9a-f]{{56}}\. Fetch again, or name another mirror with --from\.\n$",
            run.Error);
        Assert.Empty(_folder.FileNames);
    }

    [Fact]
    public async Task Download_WhereNothingIs_NamesTheAnswerInOneLine() =>
        (await Download("cifar10")).FailsWith(
            2,
            $"error[network]: {_server.Address}cifar-10-binary.tar.gz: the server answers 404 Not Found. "
            + "Check the connection and run the same command again, or name a mirror with --from.");

    [Fact]
    public async Task Download_WithoutAConnection_IsOneLineAndMakesNoFolder()
    {
        _server.Dispose();

        TersorRun run = await Download("mnist");

        Assert.Equal(2, run.ExitCode);
        Assert.Matches(@"^error\[network\]: http://127\.0\.0\.1:\d+/train-images-idx3-ubyte\.gz: [^\n]+\. Check the connection [^\n]+\n$", run.Error);
        Assert.False(Directory.Exists(_folder["set"]));
    }

    [Fact]
    public async Task Download_Interrupted_KeepsWhatCame()
    {
        _server.Files[Images] = new byte[9_912_422];
        _server.Truncation = (1_000_000, 3);

        TersorRun run = await Download("mnist", "--json");

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("tersor.data.download", run.Json().GetProperty("schema").GetString());
        Assert.EndsWith(
            "the connection ended after 3,000,000 of 9,912,422 bytes, which are kept", run.Json().GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(3_000_000, new FileInfo(Path.Combine(_folder["set"], Images + ".part")).Length);
    }

    [Fact]
    public async Task Download_OverAnotherFile_NeedsForce()
    {
        Directory.CreateDirectory(_folder["set"]);
        string mine = Path.Combine(_folder["set"], Images);
        File.WriteAllText(mine, "mine");

        (await Download("mnist")).FailsWith(2, $"error[output-exists]: {mine}: not the published content. Pass --force to replace it, or name another folder with --to.");
        await Download("mnist", "--force");

        Assert.Equal("mine", File.ReadAllText(mine));
        Assert.Equal([Images], _server.Requests);
    }

    [Theory]
    [InlineData(new[] { "data" }, "tersor data needs a second word. The verb is tersor data download.")]
    [InlineData(new[] { "data", "downlaod" }, "unknown verb 'downlaod'. Did you mean 'download'?")]
    [InlineData(new[] { "data", "download", "minst" }, "no data set 'minst' is known. Did you mean 'mnist'?")]
    [InlineData(new[] { "data", "download", "imagenet" }, "no data set 'imagenet' is known. They are mnist, cifar10.")]
    [InlineData(new[] { "data", "download", "mnist", "--from", "ftp://x" }, "--from takes an address that starts with http:// or https://, not 'ftp://x'")]
    [InlineData(new[] { "data", "download", "mnist", "--two", "x" }, "unknown option '--two' of data download. Did you mean '--to'?")]
    public async Task Download_WrongUsage_SaysWhatIsMeant(string[] arguments, string error) =>
        (await TersorRun.Of(arguments)).FailsWith(2, $"error[usage]: {error}");

    private Task<TersorRun> Download(string name, params string[] options) =>
        TersorRun.Of(["data", "download", name, "--to", _folder["set"], "--from", _server.Address.ToString(), "--quiet", .. options]);
}
