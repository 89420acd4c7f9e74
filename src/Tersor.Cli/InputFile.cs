using System.Text.Json.Nodes;
using Tersor.Cli.Output;
using Tersor.Compression;
using Tersor.Models;

namespace Tersor.Cli;

/// <summary>
/// A file that a verb reads. The name <c>-</c> stands for stdin, which is spooled to a temporary file: weights are read at offsets, and need not fit in memory.
/// </summary>
internal sealed class InputFile : IDisposable
{
    private readonly string? _spooled;
    private ModelFormat? _format;

    private InputFile(string shownPath, string? spooled)
    {
        ShownPath = shownPath;
        _spooled = spooled;
    }

    /// <summary>What the user called it.</summary>
    public string ShownPath { get; }

    /// <summary>Where the bytes are.</summary>
    public string Path => _spooled ?? ShownPath;

    /// <summary>Makes sure that the file is there.</summary>
    /// <exception cref="CommandException">It is missing or a folder.</exception>
    public static InputFile Require(Invocation invocation, string path)
    {
        if (path == "-") return Spool(invocation);
        if (Directory.Exists(path)) throw new CommandException(ExitCode.Usage, "input-missing", $"{path} is a folder", "Name a file in it.");
        if (!File.Exists(path)) throw new CommandException(ExitCode.Usage, "input-missing", $"{path}: no such file", Neighbours(path));
        if (!PendingFile.CanReplace(path)) throw new CommandException(ExitCode.Usage, "input-missing", $"{path} is a device or a pipe", "Name a file, or - to read stdin.");
        return new InputFile(path, null);
    }

    /// <summary>The format, found by content and name.</summary>
    /// <exception cref="ModelFormatException">Neither tells.</exception>
    public ModelFormat Format => _format ??= ModelFormats.Detect(Path);

    /// <summary>Opens the model, passes on its reader's warnings, and reports the files that it lies in.</summary>
    public Model Open(Invocation invocation, bool lenient = false)
    {
        Model model = Format.Open(Path, new ModelReadOptions { Lenient = lenient, Warn = invocation.Warn });
        foreach (string file in Files(Path, model)) Describe(invocation, file);
        return model;
    }

    /// <summary>Reports the file without opening a model in it.</summary>
    public void Describe(Invocation invocation) => Describe(invocation, Path);

    /// <summary>Bytes of all files that the model lies in: its own, shards, external data.</summary>
    public long TotalBytes(Model model) => Files(Path, model).Sum(file => new FileInfo(file).Length);

    /// <summary>Refuses outputs that are files which a model is read from, by their own name or by a link.</summary>
    /// <param name="path">Where the model was opened.</param>
    /// <param name="model">It may lie in further files.</param>
    /// <param name="outputs">What will be written; null and <c>-</c> for nothing.</param>
    /// <exception cref="CommandException">One is.</exception>
    public static void CheckApart(string path, Model model, params IEnumerable<string?> outputs)
    {
        HashSet<string> files = [.. Files(path, model).Select(PendingFile.TargetOf)];
        foreach (string output in outputs.OfType<string>())
        {
            if (output != "-" && files.Contains(PendingFile.TargetOf(output))) throw CommandException.Usage($"{output} is what is read, and would be lost", "Name another output.");
        }
    }

    /// <summary>Removes the spooled copy, if there is one.</summary>
    public void Dispose()
    {
        if (_spooled is not null) File.Delete(_spooled);
    }

    private static InputFile Spool(Invocation invocation)
    {
        string path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"tersor-{Environment.ProcessId}-{System.IO.Path.GetRandomFileName()}");
        InputFile file = new("-", path);
        try
        {
            using Stream input = invocation.Terminal.OpenInput();
            using FileStream copy = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1);
            byte[] buffer = new byte[1 << 20];
            for (int count; (count = input.Read(buffer)) > 0;)
            {
                invocation.Cancellation.ThrowIfCancellationRequested();
                copy.Write(buffer, 0, count);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static string? Neighbours(string path)
    {
        string folder = System.IO.Path.GetDirectoryName(path) is { Length: > 0 } given ? given : ".";
        if (!Directory.Exists(folder)) return null;
        IEnumerable<string> names = Directory.EnumerateFiles(folder).Take(10_000).Select(file => System.IO.Path.GetFileName(file));
        return ClosestNames.Hint(System.IO.Path.GetFileName(path), names);
    }

    private static IEnumerable<string> Files(string path, Model model) =>
        model.Tensors.Select(tensor => tensor.Data.FilePath).OfType<string>().Prepend(path).Distinct(StringComparer.Ordinal);

    private void Describe(Invocation invocation, string file)
    {
        if (!invocation.Json || invocation.Report.Mentions(file)) return;
        invocation.Progress.Report(new ModelProgress("hash", file, 0, 0));
        JsonObject described = Report.DescribeFile(file, invocation.Cancellation);
        if (file == _spooled) described["path"] = ShownPath;
        invocation.Report.Inputs.Add((JsonNode)described);
    }
}
