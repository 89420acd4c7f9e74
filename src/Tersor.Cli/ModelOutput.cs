using System.Text.Json.Nodes;
using Tersor.Cli.Output;
using Tersor.Compression;
using Tersor.Models;

namespace Tersor.Cli;

/// <summary>A model file that a verb writes.</summary>
internal static class ModelOutput
{
    /// <summary>The writable format that a path's ending names.</summary>
    /// <exception cref="CommandException">None does.</exception>
    public static ModelFormat FormatOf(string path)
    {
        ModelFormat? format = ModelFormats.ForPath(path);
        if (format is { CanWrite: true }) return format;
        string[] endings = [.. ModelFormats.All.Where(candidate => candidate.CanWrite).SelectMany(candidate => candidate.Extensions)];
        string hint = $"Name an output that ends in {string.Join(", ", endings)}.";
        if (format is Codec.NncFormat) throw CommandException.Usage($"{path}: {format.Name} is written by tersor compress only", hint);
        if (format is not null) throw CommandException.Usage($"{path}: {format.Name} is read only", hint);
        throw CommandException.Usage($"{path}: the ending names no format", ClosestNames.Hint(Path.GetExtension(path), endings) ?? hint);
    }

    /// <summary>Says so where the target holds tensors only and the model has a graph.</summary>
    public static void WarnOfLostGraph(Invocation invocation, Model model, ModelFormat format, string source)
    {
        if (model.HasGraph && !format.KeepsGraph) invocation.Warn($"{format.Name} keeps tensors only: the graph of {source} stays behind");
    }

    /// <summary>Writes a model file.</summary>
    public static void Write(Invocation invocation, Model model, ModelFormat format, string path, ModelWriteOptions options)
    {
        try
        {
            format.Write(model, path, options, invocation.Progress, invocation.Cancellation);
        }
        catch (ArgumentException problem) when (options.MaxShardBytes > 0)
        {
            // What a shard needs at least is known to the writer only.
            throw CommandException.Usage($"--max-shard-size {ByteSize.Exact(options.MaxShardBytes)}: {problem.Message.Split(" (Parameter")[0]}");
        }
    }

    /// <summary>Writes to a temporary file first, since a model is written at offsets, and then to stdout.</summary>
    public static void WriteToStdout(Invocation invocation, Model model, ModelFormat format, ModelWriteOptions options)
    {
        string folder = Directory.CreateTempSubdirectory("tersor-").FullName;
        try
        {
            string path = Path.Combine(folder, "model" + format.Extensions[0]);
            ModelWriteOptions oneFile = options with { ExternalData = ExternalDataLayout.Inline, MaxShardBytes = 0 };
            format.Write(model, path, oneFile, invocation.Progress, invocation.Cancellation);
            using ByteSource written = ByteSource.FromFile(path);
            using Stream output = invocation.Terminal.OpenOutput();
            written.CopyTo(output, invocation.Cancellation);
            output.Flush();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Reports every file that was written: the model, its shards, its external data.</summary>
    public static void Report(Invocation invocation, string path)
    {
        if (!invocation.Json) return;
        using Model written = ModelFormats.Open(path);
        IEnumerable<string> files = written.Tensors.Select(tensor => tensor.Data.FilePath).OfType<string>().Prepend(path).Distinct(StringComparer.Ordinal);
        foreach (string file in files) invocation.Report.Outputs.Add((JsonNode)Output.Report.DescribeFile(file, invocation.Cancellation));
    }
}
