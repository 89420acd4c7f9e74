using System.Text.Json.Nodes;
using Tersor.Cli.Options;
using Tersor.Cli.Output;
using Tersor.Codec;
using Tersor.Codec.Dcz;
using Tersor.Models;

namespace Tersor.Cli;

/// <summary>One network, exact, as an NNC stream and as a Deep Compression file: both are written, and the larger is deleted.</summary>
internal sealed class SmallerContainer
{
    private readonly string _stem;

    /// <summary>Takes the output without its ending, which follows from the sizes.</summary>
    /// <exception cref="CommandException">It has the ending of a format, or is stdout.</exception>
    public SmallerContainer(string stem)
    {
        if (stem == "-") throw CommandException.Usage("--container smaller writes files, not stdout", "Name an output without an ending.");
        if (ModelFormats.ForPath(stem) is { } format)
            throw CommandException.Usage($"{stem}: --container smaller decides the ending, which says {format.Name}", $"Name the output without it, such as {Path.ChangeExtension(stem, null)}.");
        _stem = stem;
    }

    /// <summary>Where the NNC stream goes.</summary>
    public string Nnc => _stem + ".nnc";

    /// <summary>Where the Deep Compression file goes.</summary>
    public string Dcz => _stem + ".dcz";

    /// <summary>Both.</summary>
    public IReadOnlyList<string> Files => [Nnc, Dcz];

    /// <summary>Both, for people.</summary>
    public override string ToString() => $"{Nnc} or {Dcz}, whichever is smaller";

    /// <summary>Refuses outputs that exist, without <c>--force</c>.</summary>
    /// <param name="force">Whether existing files may be replaced; then neither is left but the smaller new one.</param>
    public void Check(bool force)
    {
        foreach (string path in Files) OutputOptions.Check(path, force);
    }

    /// <summary>Writes both and leaves the smaller; where they are equal, the NNC stream.</summary>
    /// <param name="invocation">The run, which reports both sizes.</param>
    /// <param name="model">The network.</param>
    /// <param name="force">Whether existing files may be replaced.</param>
    /// <param name="compress">Writes the NNC stream to a path.</param>
    /// <returns>The file that is left, and what the NNC stream was.</returns>
    public (string Path, CompressionReport Nnc) Write(Invocation invocation, Model model, bool force, Func<string, CompressionReport> compress)
    {
        new DczFormat().Write(model, Dcz, ModelWriteOptions.Default with { Overwrite = force }, invocation.Progress, invocation.Cancellation);
        CompressionReport report;
        try
        {
            report = compress(Nnc);
        }
        catch
        {
            File.Delete(Dcz);
            throw;
        }

        long nnc = new FileInfo(Nnc).Length;
        long dcz = new FileInfo(Dcz).Length;
        (string kept, string other) = nnc <= dcz ? (Nnc, Dcz) : (Dcz, Nnc);
        File.Delete(other);
        invocation.Report["container"] = new JsonObject { ["chosen"] = nnc <= dcz ? "nnc" : "dcz", ["nncBytes"] = nnc, ["dczBytes"] = dcz };
        invocation.Note($"{kept}: {ByteSize.Full(Math.Min(nnc, dcz))}; {Path.GetExtension(other)[1..]} would take {ByteSize.Full(Math.Max(nnc, dcz))}");
        return (kept, report);
    }

    /// <summary>The file that <see cref="Write"/> has left.</summary>
    public string Written => File.Exists(Nnc) ? Nnc : Dcz;
}
