using System.Text.Json.Nodes;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;

namespace Tersor.Cli.Output;

/// <summary>What a compression did, tensor by tensor. The bytes of all rows add up to the file.</summary>
internal static class CompressionText
{
    /// <summary>A row per tensor, one each for headers, topology and tables, and the total.</summary>
    public static TextTable Table(CompressionReport report, long inputBytes)
    {
        TextTable table = new TextTable().Text("tensor").Text("shape").Text("method").Number("bits/weight").Number("bytes").Number("SQNR dB").Number("max abs");
        foreach (TensorReport tensor in report.Tensors)
        {
            table.Row(
                tensor.Name,
                tensor.Shape.ToString(),
                Method(tensor),
                Numbers.Fixed(tensor.BitsPerElement, 3),
                ByteSize.Exact(tensor.Bytes),
                Numbers.Decibel(tensor.SqnrDb),
                Numbers.Short(tensor.MaxAbsError));
        }

        table.Row("(headers)", "", "", "", ByteSize.Exact(report.HeaderBytes), "", "");
        if (report.TopologyBytes > 0) table.Row("(topology)", "", "", "", ByteSize.Exact(report.TopologyBytes), "", "");
        if (report.TableBytes > 0) table.Row("(tables)", "", "", "", ByteSize.Exact(report.TableBytes), "", "");
        table.Totals(
            TensorFields.CountOf(report.Tensors.Count),
            "",
            $"{Numbers.Fixed(Ratio(report, inputBytes), 2)} times smaller",
            Numbers.Fixed(BitsPerWeight(report), 3),
            ByteSize.Exact(report.TotalBytes),
            "",
            Numbers.Short(report.Tensors.Select(tensor => tensor.MaxAbsError).DefaultIfEmpty().Max()));
        return table;
    }

    /// <summary>A row per tensor of a plan that has not run yet.</summary>
    public static TextTable Table(CompressionPlan plan, Model model)
    {
        TextTable table = new TextTable().Text("tensor").Text("shape").Text("method").Number("QP").Number("step");
        foreach (TensorPlan tensor in plan.Tensors)
        {
            bool hasStep = tensor.Method.IsLossy() && tensor.ErrorBound is null;
            table.Row(
                tensor.Name,
                model.Find(tensor.Name)!.Shape.ToString(),
                tensor.ErrorBound is { } bound ? Bounded(tensor.Method, bound, tensor.Predictor) : tensor.Method.Name(),
                hasStep ? Numbers.Integer(tensor.Qp) : "-",
                hasStep ? Numbers.Short(StepSize.FromQp(tensor.Qp, plan.QpDensity)) : "-");
        }

        return table;
    }

    /// <summary>The numbers of one tensor as JSON.</summary>
    public static JsonObject Fields(TensorReport tensor) => new()
    {
        ["name"] = tensor.Name,
        ["type"] = tensor.ElementType.Name(),
        ["shape"] = TensorFields.Shape(tensor.Shape),
        ["elements"] = tensor.Shape.ElementCount,
        ["method"] = tensor.Method.Name(),
        ["qp"] = tensor.Qp,
        ["step"] = tensor.StepSize,
        ["compensated"] = tensor.Compensated,
        ["weighting"] = tensor.Weighting.Name(),
        ["localScaling"] = tensor.LocalScaling,
        ["errorBound"] = tensor.ErrorBound?.ToString(),
        ["predictor"] = tensor.ErrorBound is null ? null : tensor.Predictor.Name(),
        ["sourceBytes"] = tensor.SourceBytes,
        ["bytes"] = tensor.Bytes,
        ["bitsPerWeight"] = tensor.BitsPerElement,
        ["sqnr"] = SortedJson.Number(tensor.SqnrDb),
        ["maxAbs"] = SortedJson.Number(tensor.MaxAbsError),
    };

    /// <summary>Sums and worst cases as JSON.</summary>
    public static void AddTotals(JsonObject totals, CompressionReport report, long inputBytes)
    {
        totals["tensors"] = report.Tensors.Count;
        totals["elements"] = report.Tensors.Sum(tensor => tensor.Shape.ElementCount);
        totals["headerBytes"] = report.HeaderBytes;
        totals["tableBytes"] = report.TableBytes;
        totals["topologyBytes"] = report.TopologyBytes;
        totals["tensorBytes"] = report.Tensors.Sum(tensor => tensor.Bytes);
        totals["bytes"] = report.TotalBytes;
        totals["ratio"] = SortedJson.Number(Ratio(report, inputBytes));
        totals["bitsPerWeight"] = SortedJson.Number(BitsPerWeight(report));
        totals["maxAbs"] = SortedJson.Number(report.Tensors.Select(tensor => tensor.MaxAbsError).DefaultIfEmpty().Max());
    }

    private static string Method(TensorReport tensor) => tensor.ErrorBound is { } bound ? Bounded(tensor.Method, bound, tensor.Predictor)
        : tensor.Qp is int qp ? $"{tensor.Method.Name()} qp {Numbers.Integer(qp)}{Refinements(tensor)}" : tensor.Method.Name();

    private static string Refinements(TensorReport tensor) =>
        (tensor.Compensated ? " compensated" : "") + (tensor.Weighting == ErrorWeighting.None ? "" : $" {tensor.Weighting.Name()}") + (tensor.LocalScaling ? " scaled" : "");

    private static string Bounded(TensorMethod method, ErrorBound bound, Predictor predictor) =>
        $"{method.Name()} {bound}{(predictor == Predictor.Zero ? "" : " " + predictor.Name())}";

    private static double Ratio(CompressionReport report, long inputBytes) => (double)inputBytes / report.TotalBytes;

    // Over the whole file: what the headers and the topology cost is paid by the weights.
    private static double BitsPerWeight(CompressionReport report)
    {
        long elements = report.Tensors.Sum(tensor => tensor.Shape.ElementCount);
        return elements == 0 ? 0 : 8.0 * report.TotalBytes / elements;
    }
}
