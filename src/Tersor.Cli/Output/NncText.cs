using System.Text.Json;
using System.Text.Json.Nodes;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Cli.Output;

/// <summary>What an NNC stream holds, unit by unit, from its headers alone.</summary>
internal static class NncText
{
    /// <summary>Edition, step grid, topology, a line each.</summary>
    public static void Write(TextWriter writer, NncReader reader)
    {
        Line(writer, "edition", Numbers.Integer(Edition(reader)));
        if (reader.Quantization is (int density, int baseQp))
            Line(writer, "steps", $"{Numbers.Integer(1 << density)} per octave, base QP {Numbers.Integer(baseQp)}");
        Line(writer, "topology", Topology(reader));
        if (reader.IsUpdate) Line(writer, "updates", reader.BaseModelId ?? "a model that it does not name");
    }

    /// <summary>A row per coded tensor, and those inside the topology; the bytes add up to the file where all tensors are selected.</summary>
    public static TextTable Table(CompressedModel compressed, Model model, IReadOnlySet<string> selected)
    {
        TextTable table = new TextTable()
            .Text("tensor").Text("coded as").Text("shape").Number("elements").Number("N").Number("scan").Number("bits/weight").Number("bytes");
        HashSet<int> seen = [];
        long bytes = 0;
        long elements = 0;
        int count = 0;
        foreach (CompressedTensor tensor in compressed.Tensors.Where(tensor => selected.Contains(tensor.Name)))
        {
            foreach (NncTensorInfo part in tensor.Parts)
            {
                // Tensors of a block share their unit; its bytes stand beside the first.
                bool isFirst = seen.Add(part.UnitNumber);
                if (isFirst) bytes += part.UnitByteCount;
                elements += part.Shape.ElementCount;
                count++;
                table.Row(Cells(part, isFirst));
            }
        }

        foreach (Tensor tensor in model.Tensors.Where(tensor => selected.Contains(tensor.Name) && compressed.Find(tensor.Name) is null))
        {
            table.Row(tensor.Name, "in topology", tensor.Shape.ToString(), Numbers.Count(tensor.ElementCount), "", "", "", "");
            elements += tensor.ElementCount;
            count++;
        }

        if (model.Tensors.All(tensor => selected.Contains(tensor.Name)))
        {
            foreach (IGrouping<string, NncUnitInfo> group in compressed.Reader.Units.Where(unit => !seen.Contains(unit.Number)).GroupBy(RowOf))
            {
                long own = group.Sum(unit => (long)unit.ByteCount);
                bytes += own;
                table.Row(group.Key, "", "", "", "", "", "", ByteSize.Exact(own));
            }
        }

        table.Totals(TensorFields.CountOf(count), "", "", Numbers.Count(elements), "", "", Bits(bytes, elements), ByteSize.Exact(bytes));
        return table;
    }

    /// <summary>The same as JSON, with every unit's place in the file.</summary>
    public static JsonObject Fields(NncReader reader) => new()
    {
        ["edition"] = Edition(reader),
        ["profile"] = reader.Profile,
        ["density"] = reader.Quantization?.Density,
        ["baseQp"] = reader.Quantization?.BaseQp,
        ["topology"] = Word(reader.TopologyFormat),
        ["isUpdate"] = reader.IsUpdate,
        ["baseModelId"] = reader.BaseModelId,
        ["unsupported"] = new JsonArray([.. reader.Unsupported.Select(line => JsonValue.Create(line))]),
        ["units"] = new JsonArray([.. reader.Units.Select(unit => new JsonObject
        {
            ["number"] = unit.Number,
            ["type"] = Word(unit.Type),
            ["offset"] = unit.Offset,
            ["bytes"] = unit.ByteCount,
        })]),
        ["coded"] = new JsonArray([.. reader.Tensors.Select(Fields)]),
    };

    private static JsonObject Fields(NncTensorInfo tensor)
    {
        bool isEntropyCoded = tensor.PayloadType != NncPayloadType.RawFloat;
        return new JsonObject
        {
            ["name"] = tensor.Name,
            ["role"] = Word(tensor.Role),
            ["payload"] = Word(tensor.PayloadType),
            ["type"] = tensor.ElementType.Name(),
            ["shape"] = TensorFields.Shape(tensor.Shape),
            ["dependentQuantization"] = tensor.DependentQuantization,
            ["codebookSize"] = tensor.Codebook?.Size,
            ["greaterFlags"] = isEntropyCoded ? tensor.GreaterFlagCount : null,
            ["scan"] = isEntropyCoded ? tensor.ScanOrder : null,
            ["unit"] = tensor.UnitNumber,
        };
    }

    private static string[] Cells(NncTensorInfo tensor, bool ownsUnit)
    {
        bool isEntropyCoded = tensor.PayloadType != NncPayloadType.RawFloat;
        return
        [
            tensor.Name,
            CodedAs(tensor),
            tensor.Shape.ToString(),
            Numbers.Count(tensor.Shape.ElementCount),
            isEntropyCoded ? Numbers.Integer(tensor.GreaterFlagCount) : "",
            isEntropyCoded ? Numbers.Integer(tensor.ScanOrder) : "",
            ownsUnit && tensor.PayloadType != NncPayloadType.Block ? Bits(tensor.UnitByteCount, tensor.Shape.ElementCount) : "",
            ownsUnit ? ByteSize.Exact(tensor.UnitByteCount) : "",
        ];
    }

    private static string CodedAs(NncTensorInfo tensor)
    {
        string kind = tensor.PayloadType switch
        {
            NncPayloadType.Integer => "integers",
            NncPayloadType.RawFloat => "raw",
            NncPayloadType.Block => "block " + Word(tensor.Role),
            _ => "levels",
        };
        if (tensor.DependentQuantization) kind += ", dependent";
        return tensor.Codebook is null ? kind : $"{kind}, codebook {Numbers.Integer(tensor.Codebook.Size)}";
    }

    private static string RowOf(NncUnitInfo unit) => unit.Type switch
    {
        NncUnitType.Start or NncUnitType.ModelParameterSet or NncUnitType.LayerParameterSet => "(headers)",
        NncUnitType.Topology => "(topology)",
        _ => "(other units)",
    };

    private static string Topology(NncReader reader)
    {
        long bytes = reader.Units.Where(unit => unit.Type == NncUnitType.Topology).Sum(unit => (long)unit.ByteCount);
        return reader.TopologyFormat == TopologyFormat.None
            ? "none, named tensors only"
            : $"{Word(reader.TopologyFormat)}, {ByteSize.Exact(bytes)} bytes as stored";
    }

    private static int Edition(NncReader reader) => reader.Profile + 1;

    private static string Bits(long bytes, long elements) => elements == 0 ? "-" : Numbers.Fixed(8.0 * bytes / elements, 3);

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static void Line(TextWriter writer, string label, string text) => writer.WriteLine($"  {label,-10}{VisibleText.OneLine(text)}");
}
