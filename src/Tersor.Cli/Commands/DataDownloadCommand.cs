using System.CommandLine;
using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Compression;
using Tersor.Engine.Data;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor data download NAME</c>: fetches a published data set into a folder, checked and ready for <c>--data</c>.</summary>
internal sealed class DataDownloadCommand : Verb
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);

    private readonly Argument<string> _name = new("NAME") { Description = $"One of {string.Join(", ", PublishedDataSet.All.Select(set => set.Name))}." };
    private readonly Option<string?> _folder = new("--to") { Description = "The folder to fetch into; data/NAME if not given.", HelpName = "DIR" };
    private readonly Option<string?> _place = new("--from")
    {
        Description = "A folder on the net that mirrors the published files under their names, to be asked instead of the official places.",
        HelpName = "URL",
    };

    private readonly Option<bool> _force = new("--force") { Description = "Replace files that hold something else than the published ones." };

    public DataDownloadCommand()
        : base("download", "Fetch a data set from where it is published. Every file is checked by SHA-256; what was fetched before, in part too, is not fetched again.")
    {
        Add(_name);
        Add(_folder);
        Add(_place);
        Add(_force);
    }

    public override void Run(Invocation invocation)
    {
        PublishedDataSet set = Resolve(invocation);
        string folder = invocation.Value(_folder) ?? Path.Combine("data", set.Name);
        invocation.Setting(_folder, folder);
        if (File.Exists(folder)) throw new CommandException(ExitCode.Usage, "output-exists", $"{folder} is a file", "Name a folder.");
        using SocketsHttpHandler handler = new() { ConnectTimeout = ConnectTimeout };
        using HttpClient client = new(handler);
        client.DefaultRequestHeaders.UserAgent.ParseAdd($"tersor/{Report.ToolVersion}");
        DataSetDownload download = new(set, folder, client);
        IReadOnlyList<string> conflicts = download.Conflicts(invocation.Cancellation);
        if (conflicts.Count > 0 && !invocation.Value(_force))
        {
            throw new CommandException(
                ExitCode.Usage, "output-exists", $"{string.Join(", ", conflicts)}: not the published content", "Pass --force to replace it, or name another folder with --to.");
        }

        long unpacked = set.Archive is null ? 0 : set.Files.Sum(file => file.Bytes);
        if (download.Missing(invocation.Cancellation).Count > 0) OutputOptions.CheckDiskSpace(Path.Combine(folder, set.Files[0].Name), set.DownloadBytes + unpacked);
        Describe(invocation, set, folder, Fetch(invocation, download, folder));
    }

    private static IReadOnlyList<PublishedFile> Fetch(Invocation invocation, DataSetDownload download, string folder)
    {
        try
        {
            return download.RunAsync(invocation.Progress, invocation.Cancellation).GetAwaiter().GetResult();
        }
        catch (DownloadException failure) when (failure.IsDamaged)
        {
            throw new CommandException(ExitCode.Malformed, "checksum", failure.Message, "Fetch again, or name another mirror with --from.");
        }
        catch (DownloadException failure)
        {
            throw new CommandException(ExitCode.Usage, "network", failure.Message, "Check the connection and run the same command again, or name a mirror with --from.");
        }
        catch (OperationCanceledException)
        {
            throw new CommandException(ExitCode.Cancelled, "cancelled", "stopped before the end", $"What has come stays in {folder}; the same command goes on from there.");
        }
    }

    private static void Describe(Invocation invocation, PublishedDataSet set, string folder, IReadOnlyList<PublishedFile> fetched)
    {
        invocation.Report["dataSet"] = set.Name;
        invocation.Report["data"] = $"{set.Name}:{folder}";
        invocation.Report.Totals["files"] = set.Files.Count;
        invocation.Report.Totals["fetched"] = fetched.Count;
        invocation.Report.Totals["bytes"] = set.Files.Sum(file => file.Bytes);
        foreach (PublishedFile file in set.Files)
        {
            invocation.Report.Outputs.Add((JsonNode)new JsonObject { ["path"] = Path.Combine(folder, file.Name), ["bytes"] = file.Bytes, ["sha256"] = file.Sha256 });
        }

        if (invocation.Quiet) return;
        string what = fetched.Count == 0 ? "everything was there already" : $"{Numbers.Count(fetched.Count)} of {Numbers.Count(set.Files.Count)} files fetched and checked";
        invocation.Print(writer => writer.WriteLine($"{VisibleText.Escape(folder)}: {what}; use it as --data {set.Name}:{VisibleText.Escape(folder)}"));
    }

    private PublishedDataSet Resolve(Invocation invocation)
    {
        string name = invocation.Value(_name);
        string[] names = [.. PublishedDataSet.All.Select(set => set.Name)];
        PublishedDataSet set = PublishedDataSet.All.FirstOrDefault(candidate => candidate.Name == name)
            ?? throw CommandException.Usage($"no data set '{name}' is known", ClosestNames.Hint(name, names) ?? $"They are {string.Join(", ", names)}.");
        if (invocation.Value(_place) is not { } place) return set;
        bool isAddress = Uri.TryCreate(place.EndsWith('/') ? place : place + "/", UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https";
        return isAddress ? set with { Places = [address!] } : throw CommandException.Usage($"{_place.Name} takes an address that starts with http:// or https://, not '{place}'");
    }
}
