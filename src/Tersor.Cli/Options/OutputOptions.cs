using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Tersor.Models;

namespace Tersor.Cli.Options;

/// <summary>The options of a verb that writes a file.</summary>
internal sealed class OutputOptions
{
    /// <summary>Takes what the help says of <c>-o</c>.</summary>
    public OutputOptions(string description, bool required)
    {
        Path = new Option<string?>("--output", "-o") { Description = description, HelpName = "OUT", Required = required };
    }

    /// <summary>Where the result goes.</summary>
    public Option<string?> Path { get; }

    /// <summary>Whether an existing file may be replaced.</summary>
    public Option<bool> Force { get; } = new("--force") { Description = "Replace the output if it exists." };

    /// <summary>Check everything, write nothing.</summary>
    public Option<bool> DryRun { get; } = new("--dry-run")
    {
        Description = "Check all that can be told before the work is done, say what would be done and what it would take, write nothing.",
    };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        verb.Add(Path);
        verb.Add(Force);
        verb.Add(DryRun);
    }

    /// <summary>Refuses an output that exists (without <c>--force</c>) or is a folder or device, before any work is done.</summary>
    public void Check(Invocation invocation, string path) => Check(path, invocation.Value(Force));

    /// <summary>Refuses an output that exists and may not be replaced, or is a folder or device.</summary>
    public static void Check(string path, bool force)
    {
        if (path == "-") return;
        if (path.Length == 0) throw CommandException.Usage("an output has no name", "Name a file.");
        if (Directory.Exists(path))
            throw new CommandException(ExitCode.Usage, "output-exists", $"{path} is a folder", "Name a file in it.");
        if (!PendingFile.CanReplace(path))
            throw new CommandException(ExitCode.Usage, "output-exists", $"{path} is a device or a pipe", "Name a file, or - for stdout.");
        if (File.Exists(path) && !force)
            throw new CommandException(ExitCode.Usage, "output-exists", $"{path} exists already", "Pass --force to replace it.");
    }

    /// <summary>Writes a text file, and mentions it in the report.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="path">The file.</param>
    /// <param name="text">Its content.</param>
    /// <param name="force">Whether an existing file may be replaced.</param>
    public static void WriteText(Invocation invocation, string path, string text, bool force)
    {
        using PendingFile file = PrepareText(path, text, force);
        file.Commit();
        if (invocation.Json) invocation.Report.Outputs.Add((JsonNode)Output.Report.DescribeFile(path, invocation.Cancellation));
    }

    /// <summary>Writes a text file that its commit will give its name to.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">Its content.</param>
    /// <param name="force">Whether an existing file may be replaced.</param>
    /// <exception cref="IOException">The disk is full, or the file may not be replaced.</exception>
    public static PendingFile PrepareText(string path, string text, bool force)
    {
        PendingFile file = new(path, force);
        try
        {
            file.Stream.Write(Encoding.UTF8.GetBytes(text));
            file.Close();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Refuses early where the disk has clearly too little room.</summary>
    /// <param name="path">The output.</param>
    /// <param name="bytes">About how much will be written.</param>
    public static void CheckDiskSpace(string path, long bytes)
    {
        if (path == "-" || FreeSpace(path) is not long free || bytes <= free) return;
        throw new ResourceLimitException(
            $"{path}: writing takes about {Output.ByteSize.Human(bytes)}, the disk has {Output.ByteSize.Human(free)} left; free some space or write elsewhere");
    }

    /// <summary>Bytes left on the disk of the nearest existing folder above a path; null where the system does not say.</summary>
    public static long? FreeSpace(string path)
    {
        string? folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path));
        while (folder is not null && !Directory.Exists(folder)) folder = System.IO.Path.GetDirectoryName(folder);
        if (folder is null) return null;
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
