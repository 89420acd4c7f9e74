namespace Tersor.Cli.Tests;

/// <summary>What the parser does with command lines that are wrong, and with those that ask about the command itself.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task NoVerb_NamesTheVerbs()
    {
        TersorRun run = await TersorRun.Of();

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Out);
        Assert.StartsWith("error[usage]: no verb given. The verbs are ", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("inspct", "error[usage]: unknown verb 'inspct'. Did you mean 'inspect'?")]
    [InlineData("cnovert", "error[usage]: unknown verb 'cnovert'. Did you mean 'convert'?")]
    public async Task UnknownVerb_SaysWhatWasProbablyMeant(string verb, string error) => (await TersorRun.Of(verb, "x")).FailsWith(2, error);

    [Fact]
    public async Task UnknownOption_SaysWhatWasProbablyMeant() =>
        (await TersorRun.Of("inspect", "--histogrm", "x")).FailsWith(2, "error[usage]: unknown option '--histogrm' of inspect. Did you mean '--histogram'?");

    [Fact]
    public async Task UnknownOptions_AreAllNamedAtOnce() => (await TersorRun.Of("inspect", "x", "--histogrm", "--includ=y")).FailsWith(
        2,
        "error[usage]: unknown option '--histogrm' of inspect; unknown option '--includ' of inspect. Did you mean '--histogram'? Did you mean '--include'?");

    [Fact]
    public async Task ArgumentAfterDoubleDash_MayLookLikeAnOption()
    {
        TersorRun run = await TersorRun.Of("inspect", "--", "--histogrm");

        run.FailsWith(2, "error[input-missing]: --histogrm: no such file");
    }

    [Fact]
    public async Task MissingArgument_IsNamed()
    {
        TersorRun run = await TersorRun.Of("inspect");

        run.FailsWith(2, "error[usage]: Required argument missing for command: 'inspect'. See tersor inspect --help.");
    }

    [Fact]
    public async Task SurplusArgument_IsNamed() =>
        (await TersorRun.Of("inspect", "a", "b")).FailsWith(2, "error[usage]: 'b' is one argument too many. See tersor inspect --help.");

    [Theory]
    [InlineData("--max-shard-size", "12 parsecs", "--max-shard-size takes a size such as 500000, 512MB, 2GiB or 1G, not '12 parsecs'")]
    [InlineData("--external-data", "inlin", "--external-data takes one of preserve, inline, one-file, per-tensor, not 'inlin'. Did you mean 'inline'?")]
    public async Task BadOptionValue_SaysWhatTheOptionTakes(string option, string value, string problem) =>
        (await TersorRun.Of("convert", "a", "-o", "b.onnx", option, value)).FailsWith(2, $"error[usage]: {problem}. See tersor convert --help.");

    [Theory]
    [InlineData("-1")]
    [InlineData("0,5")]
    [InlineData("NaN")]
    public async Task BadNumber_IsRefusedInEveryCulture(string value) =>
        (await TersorRun.Of("diff", "a", "b", "--fail-above", value))
            .FailsWith(2, $"error[usage]: --fail-above takes a number of at least 0, not '{value}'. See tersor diff --help.");

    [Fact]
    public async Task OptionGivenTwice_IsRefused()
    {
        TersorRun run = await TersorRun.Of("diff", "a", "b", "--fail-above", "1", "--fail-above", "2");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--fail-above", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task QuietAndVerbose_ContradictEachOther() =>
        (await TersorRun.Of("list", "-q", "-v")).FailsWith(2, "error[usage]: --quiet and --verbose contradict each other. Drop one.");

    [Fact]
    public async Task ResponseFilesAreNotRead() => (await TersorRun.Of("inspect", "@x")).FailsWith(2, "error[input-missing]: @x: no such file");

    [Fact]
    public async Task Version_IsThatOfThePackage()
    {
        TersorRun run = (await TersorRun.Of("--version")).Succeeds();

        Assert.Matches(@"\A\d+\.\d+\.\d+\n\z", run.Out);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("convert", "--help")]
    [InlineData("convert", "-h", "--nonsense")]
    public async Task Help_GoesToStdoutAndSucceeds(params string[] arguments)
    {
        TersorRun run = (await TersorRun.Of(arguments)).Succeeds();

        Assert.Contains("Usage:\n  tersor", run.Out, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task UsageErrorUnderJson_IsOneDocumentOnStdoutAndOneLineOnStderr()
    {
        TersorRun run = await TersorRun.Of("inspect", "--nope", "x", "--json");

        Assert.Equal(2, run.ExitCode);
        Assert.Equal("tersor.inspect", run.Json().GetProperty("schema").GetString());
        Assert.Equal("usage", run.Json().GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(2, run.Json().GetProperty("error").GetProperty("exitCode").GetInt32());
        Assert.StartsWith("error[usage]: unknown option '--nope' of inspect.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownVerbUnderJson_IsADocumentToo() =>
        Assert.Equal("tersor.error", (await TersorRun.Of("--json", "nope")).Json().GetProperty("schema").GetString());
}
