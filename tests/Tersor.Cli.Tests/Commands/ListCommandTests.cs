using Tersor.Models;

namespace Tersor.Cli.Tests.Commands;

public sealed class ListCommandTests
{
    [Fact]
    public async Task List_ExitCodes_IsTheContract()
    {
        TersorRun run = (await TersorRun.Of("list", "exit-codes")).Succeeds();

        Assert.Equal(
            """
             code   meaning
            ────────────────────────────────────────────────────────────────────────────────────────────────────
             0      done
             1      unexpected failure: a bug; --verbose prints the stack trace
             2      usage: options, plan or selector wrong, input missing, output already there or not writable
             3      input malformed: truncated, contradictory or damaged
             4      input valid but not supported
             5      goal not met: a verification or a bound failed
             6      resource limit: memory or disk
             130    cancelled by SIGINT or SIGTERM

            """,
            run.Out);
    }

    [Fact]
    public async Task List_FormatsJson_HasEveryFormatOfTheLibrary()
    {
        TersorRun run = (await TersorRun.Of("list", "formats", "--json")).Succeeds();

        Assert.Equal(
            ModelFormats.All.Select(format => format.Name),
            run.Json().GetProperty("formats").EnumerateArray().Select(format => format.GetProperty("format").GetString()));
    }

    [Fact]
    public async Task List_Searches_HasEverySearch_TheDefaultFirst()
    {
        TersorRun run = (await TersorRun.Of("list", "searches", "--json")).Succeeds();

        Assert.Equal(
            ["slope", "hull", "knapsack", "greedy", "coordinate", "evolution", "bayesian"],
            run.Json().GetProperty("searches").EnumerateArray().Select(search => search.GetProperty("search").GetString()));
    }

    [Fact]
    public async Task List_Everything_HasEveryTopic()
    {
        TersorRun run = (await TersorRun.Of("list", "--json")).Succeeds();

        Assert.Equal(ElementTypes.All.Count, run.Json().GetProperty("dtypes").GetArrayLength());
        Assert.Equal(ExitCodes.All.Count, run.Json().GetProperty("exit-codes").GetArrayLength());
    }

    [Fact]
    public async Task List_UnknownTopic_SaysWhatWasMeant() =>
        (await TersorRun.Of("list", "format")).FailsWith(2, "error[usage]: 'format' is nothing to list. Did you mean 'formats'?");
}
