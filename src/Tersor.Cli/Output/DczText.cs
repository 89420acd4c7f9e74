using System.Numerics;
using System.Text.Json.Nodes;
using Tersor.Codec.Dcz;
using Tersor.Models;

namespace Tersor.Cli.Output;

/// <summary>What a Deep Compression file holds, tensor by tensor, from its directory alone: the columns of the published tables.</summary>
internal static class DczText
{
    /// <summary>The parts of the file, a line each.</summary>
    public static void Write(TextWriter writer, DczFile file)
    {
        Sums sums = Sums.Of(file);
        Line(writer, "topology", file.GraphBytes == 0 ? "none, named tensors only" : $"onnx, {ByteSize.Exact(file.GraphBytes)} bytes as stored");
        Line(writer, "weights", sums.SharedTensors == 0
            ? "none are shared"
            : $"{ByteSize.Exact(sums.PublishedBytes)} bytes of ids, indices and codebooks for {ByteSize.Exact(sums.DenseBytes)}: {Numbers.Fixed((double)sums.DenseBytes / sums.PublishedBytes, 1)} times smaller, as published tables count");
        Line(writer, "beside", $"{ByteSize.Exact(sums.CodeLengthBytes)} bytes of code lengths, {ByteSize.Exact(sums.RawBytes)} of tensors as they are");
    }

    /// <summary>A row per tensor, and those inside the topology; the bytes add up to the file where all tensors are selected.</summary>
    public static TextTable Table(DczFile file, Model model, IReadOnlySet<string> selected)
    {
        TextTable table = new TextTable()
            .Text("tensor").Text("coded as").Text("shape").Number("elements").Number("kept").Number("values").Number("id bits").Number("index bits").Number("entries").Number("fillers")
            .Number("bits/id").Number("bits/index").Number("bits/weight").Number("bytes");
        (long elements, long bytes, int count) = (0, 0, 0);
        foreach (DczTensor tensor in file.Tensors.Where(tensor => selected.Contains(tensor.Name)))
        {
            elements += tensor.Shape.ElementCount;
            bytes += tensor.ByteCount;
            count++;
            string[] size = [Bits(tensor.ByteCount, tensor.Shape.ElementCount), ByteSize.Exact(tensor.ByteCount)];
            table.Row([tensor.Name, tensor.Sharing is null ? "raw" : "shared", tensor.Shape.ToString(), Numbers.Count(tensor.Shape.ElementCount), .. Cells(tensor), .. size]);
        }

        HashSet<string> stored = new(file.Tensors.Select(tensor => tensor.Name), StringComparer.Ordinal);
        foreach (Tensor tensor in model.Tensors.Where(tensor => selected.Contains(tensor.Name) && !stored.Contains(tensor.Name)))
        {
            elements += tensor.ElementCount;
            count++;
            table.Row([tensor.Name, "in topology", tensor.Shape.ToString(), Numbers.Count(tensor.ElementCount), .. Blank(10)]);
        }

        if (model.Tensors.All(tensor => selected.Contains(tensor.Name)))
        {
            long directory = file.ByteCount - file.GraphBytes - bytes;
            bytes = file.ByteCount;
            if (file.GraphBytes > 0) table.Row(["(topology)", .. Blank(12), ByteSize.Exact(file.GraphBytes)]);
            table.Row(["(directory)", .. Blank(12), ByteSize.Exact(directory)]);
        }

        table.Totals([TensorFields.CountOf(count), "", "", Numbers.Count(elements), .. Blank(8), Bits(bytes, elements), ByteSize.Exact(bytes)]);
        return table;
    }

    /// <summary>The same as JSON.</summary>
    public static JsonObject Fields(DczFile file)
    {
        Sums sums = Sums.Of(file);
        return new JsonObject
        {
            ["graphBytes"] = file.GraphBytes,
            ["sharedTensors"] = sums.SharedTensors,
            ["publishedBytes"] = sums.PublishedBytes,
            ["denseBytes"] = sums.DenseBytes,
            ["codeLengthBytes"] = sums.CodeLengthBytes,
            ["rawBytes"] = sums.RawBytes,
            ["stored"] = new JsonArray([.. file.Tensors.Select(Fields)]),
        };
    }

    private static JsonObject Fields(DczTensor tensor)
    {
        JsonObject fields = new() { ["name"] = tensor.Name, ["offset"] = tensor.Offset, ["bytes"] = tensor.ByteCount, ["isShared"] = tensor.Sharing is not null };
        if (tensor.Sharing is not { } sharing) return fields;
        fields["kept"] = sharing.KeptCount;
        fields["values"] = sharing.CodebookLength;
        fields["indexBits"] = sharing.IndexBits;
        fields["entries"] = sharing.EntryCount;
        fields["fillers"] = sharing.FillerCount;
        fields["codebookBytes"] = sharing.CodebookBytes;
        fields["codeLengthBytes"] = sharing.CodeLengthBytes;
        fields["idBytes"] = sharing.IdBytes;
        fields["indexBytes"] = sharing.IndexBytes;
        return fields;
    }

    private static string[] Cells(DczTensor tensor) => tensor.Sharing is not { } sharing ? [.. Blank(8)] :
    [
        Numbers.Percent((double)sharing.KeptCount / tensor.Shape.ElementCount),
        Numbers.Count(sharing.CodebookLength),
        Numbers.Integer(IdBits(sharing.CodebookLength)),
        Numbers.Integer(sharing.IndexBits),
        Numbers.Count(sharing.EntryCount),
        Numbers.Count(sharing.FillerCount),
        Bits(sharing.IdBytes, sharing.EntryCount),
        Bits(sharing.IndexBytes, sharing.EntryCount),
    ];

    // What an id takes before Huffman coding.
    private static int IdBits(int valueCount) => BitOperations.Log2((uint)(valueCount - 1) | 1) + 1;

    private static IEnumerable<string> Blank(int count) => Enumerable.Repeat("", count);

    private static string Bits(long bytes, long count) => count == 0 ? "-" : Numbers.Fixed(8.0 * bytes / count, 3);

    private static void Line(TextWriter writer, string label, string text) => writer.WriteLine($"  {label,-10}{text}");

    // Tensors that are shared, and those that are not.
    private readonly record struct Sums(int SharedTensors, long PublishedBytes, long DenseBytes, long CodeLengthBytes, long RawBytes)
    {
        public static Sums Of(DczFile file)
        {
            DczSharing[] shared = [.. file.Tensors.Select(tensor => tensor.Sharing).OfType<DczSharing>()];
            return new Sums(
                shared.Length,
                shared.Sum(sharing => sharing.CodebookBytes + sharing.IdBytes + sharing.IndexBytes),
                file.Tensors.Where(tensor => tensor.Sharing is not null).Sum(tensor => tensor.Shape.ElementCount * sizeof(float)),
                shared.Sum(sharing => sharing.CodeLengthBytes),
                file.Tensors.Where(tensor => tensor.Sharing is null).Sum(tensor => tensor.ByteCount));
        }
    }
}
