using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tersor.Compression.Sensitivity;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Cli.Output;

/// <summary>What is known of how much each tensor matters, as a table with bars, as comma-separated values and as JSON.</summary>
/// <param name="fisher">Importance of the weights.</param>
/// <param name="measured">What trials gave; may be empty.</param>
/// <param name="plan">The plan made from it, whose QPs are shown; null for none.</param>
internal sealed class SensitivityText(FisherInformation fisher, IReadOnlyList<MeasuredSensitivity> measured, CompressionPlan? plan)
{
    private const int BarLength = 24;

    // Decades of the mean that bars span, from the largest downwards.
    private const double BarDecades = 6;

    private readonly int[] _qps = [.. measured.Select(entry => entry.Qp).Distinct()];
    private readonly Dictionary<(string, int), MeasuredSensitivity> _measured = measured.ToDictionary(entry => (entry.Tensor, entry.Qp));
    private readonly Dictionary<string, TensorPlan> _plans = plan?.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal) ?? [];

    /// <summary>A row per tensor; bars are logarithmic.</summary>
    public TextTable Table()
    {
        TextTable table = new TextTable().Text("tensor").Text("shape").Number("weights").Number("share of all").Number("mean F").Text("mean F, from 1e-6 of the largest");
        foreach (int qp in _qps) table.Number($"QP {Numbers.Integer(qp)}: nats predicted").Number("measured").Number("top-1 drop");
        if (plan is not null) table.Number("plan's QP");
        double total = fisher.Tensors.Sum(tensor => tensor.Sum);
        double largest = fisher.Tensors.Select(tensor => tensor.Mean).DefaultIfEmpty().Max();
        foreach (TensorFisher tensor in fisher.Tensors)
        {
            List<string> cells =
            [
                tensor.Name, tensor.Shape.ToString(), Numbers.Count(tensor.Values.Count), total > 0 ? Numbers.Percent(tensor.Sum / total) : "-",
                Numbers.Short(tensor.Mean), Bar(tensor.Mean, largest),
            ];
            foreach (int qp in _qps)
            {
                bool isMeasured = _measured.TryGetValue((tensor.Name, qp), out MeasuredSensitivity? entry);
                cells.Add(Numbers.Short(tensor.RoundingDivergence(StepSize.FromQp(qp))));
                cells.Add(isMeasured ? Numbers.Short(entry!.Divergence) : "-");
                cells.Add(isMeasured ? Numbers.Fixed(100 * entry!.Top1Drop, 2) : "-");
            }

            if (plan is not null) cells.Add(_plans.TryGetValue(tensor.Name, out TensorPlan? planned) && planned.Method.IsLossy() ? Numbers.Integer(planned.Qp) : "exact");
            table.Row([.. cells]);
        }

        string[] totals = [$"{TensorFields.CountOf(fisher.Tensors.Count)}, {Numbers.Count(fisher.Samples)} samples", "", Numbers.Count(fisher.Tensors.Sum(tensor => (long)tensor.Values.Count)), "", Numbers.Short(fisher.Mean), ""];
        table.Totals([.. totals, .. Enumerable.Repeat("", (3 * _qps.Length) + (plan is null ? 0 : 1))]);
        return table;
    }

    /// <summary>A line per tensor under a line of titles.</summary>
    public string Csv()
    {
        StringBuilder text = new("tensor,shape,weights,fisher_sum,fisher_mean,fisher_max");
        foreach (int qp in _qps) text.Append(CultureInfo.InvariantCulture, $",divergence_qp{qp},agreement_qp{qp},top1_drop_qp{qp}");
        text.Append('\n');
        foreach (TensorFisher tensor in fisher.Tensors)
        {
            text.Append(CultureInfo.InvariantCulture, $"\"{tensor.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{tensor.Shape},{tensor.Values.Count},{tensor.Sum:R},{tensor.Mean:R},{tensor.Maximum:R}");
            foreach (int qp in _qps)
            {
                if (_measured.TryGetValue((tensor.Name, qp), out MeasuredSensitivity? entry)) text.Append(CultureInfo.InvariantCulture, $",{entry.Divergence:R},{entry.Agreement:R},{entry.Top1Drop:R}");
                else text.Append(",,,");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Adds tensors and totals to a report.</summary>
    public void Report(Report report)
    {
        report.Totals["samples"] = fisher.Samples;
        report.Totals["droppedSamples"] = fisher.DroppedSamples;
        report.Totals["fisherMean"] = SortedJson.Number(fisher.Mean);
        foreach (TensorFisher tensor in fisher.Tensors)
        {
            JsonObject fields = new()
            {
                ["name"] = tensor.Name,
                ["shape"] = TensorFields.Shape(tensor.Shape),
                ["fisherSum"] = SortedJson.Number(tensor.Sum),
                ["fisherMean"] = SortedJson.Number(tensor.Mean),
                ["fisherMax"] = SortedJson.Number(tensor.Maximum),
                ["fisherOfChannels"] = new JsonArray([.. tensor.ChannelSums().Select(SortedJson.Number)]),
            };
            MeasuredSensitivity[] trials = [.. measured.Where(entry => entry.Tensor == tensor.Name)];
            if (trials.Length > 0)
            {
                fields["measured"] = new JsonArray([.. trials.Select(entry => (JsonNode)new JsonObject
                {
                    ["qp"] = entry.Qp,
                    ["predictedDivergence"] = SortedJson.Number(tensor.RoundingDivergence(StepSize.FromQp(entry.Qp))),
                    ["divergence"] = SortedJson.Number(entry.Divergence),
                    ["agreement"] = SortedJson.Number(entry.Agreement),
                    ["top1Drop"] = SortedJson.Number(entry.Top1Drop),
                })]);
            }

            if (_plans.TryGetValue(tensor.Name, out TensorPlan? planned) && planned.Method.IsLossy()) fields["qp"] = planned.Qp;
            report.Tensors.Add((JsonNode)fields);
        }
    }

    private static string Bar(double mean, double largest)
    {
        if (!(mean > 0)) return "";
        double decades = BarDecades + Math.Log10(mean / largest);
        return new string('█', (int)Math.Ceiling(Math.Clamp(decades / BarDecades, 0, 1) * BarLength));
    }
}
