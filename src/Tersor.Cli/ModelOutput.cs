using System.Text.Json.Nodes;
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
        if (format is not null) throw CommandException.Usage($"{path}: {format.Name} is read only", $"Name an output that ends in {string.Join(", ", endings)}.");
        string? near = ClosestNames.Hint(Path.GetExtension(path), endings);
        throw CommandException.Usage($"{path}: the ending names no format", near ?? $"Name an output that ends in {string.Join(", ", endings)}.");
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
