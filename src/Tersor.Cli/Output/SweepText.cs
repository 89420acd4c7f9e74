using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tersor.Compression.Answers;
using Tersor.Compression.Budgets;
using Tersor.Engine.Data;

namespace Tersor.Cli.Output;

/// <summary>Sizes and what they cost, from the largest file to the smallest.</summary>
internal sealed class SweepText
{
    private readonly SampleSet _samples;
    private readonly long _originalBytes;
    private readonly long _weights;
    private readonly IReadOnlyList<BudgetTrial> _trials;
    private readonly HashSet<BudgetTrial> _front;

    /// <summary>Takes what was tried.</summary>
    /// <param name="samples">On which.</param>
    /// <param name="originalBytes">Of the model's file.</param>
    /// <param name="weights">Elements of all tensors.</param>
    /// <param name="trials">Plans and what came of them.</param>
    public SweepText(SampleSet samples, long originalBytes, long weights, IReadOnlyList<BudgetTrial> trials)
    {
        (_samples, _originalBytes, _weights) = (samples, originalBytes, weights);
        _trials = [.. trials.OrderByDescending(trial => trial.Bytes)];
        _front = [.. _trials.Where(trial => !_trials.Any(other => other.Bytes < trial.Bytes && Loss(other) <= Loss(trial)))];
    }

    private bool Classifies => _samples.HasLabels;

    /// <summary>A row per plan; those than which no smaller one loses less are marked.</summary>
    public TextTable Table()
    {
        TextTable table = new TextTable().Number("bytes").Number("bits/weight").Number("times smaller");
        if (Classifies) table.Number("drop, points").Number("95 % interval").Number("same class");
        table.Number("distance").Text("front");
        foreach (BudgetTrial trial in _trials)
        {
            AnswerChange change = trial.Change!;
            double margin = 1.96 * change.StandardError;
            string[] size = [ByteSize.Exact(trial.Bytes), Numbers.Fixed(8.0 * trial.Bytes / _weights, 3), Numbers.Fixed((double)_originalBytes / trial.Bytes, 1)];
            string[] classes = Classifies
                ? [Points(change.Top1Drop), $"{Points(change.Top1Drop - margin)} to {Points(change.Top1Drop + margin)}", Numbers.Percent(change.Agreement, 2)]
                : [];
            table.Row([.. size, .. classes, Numbers.Short(change.Distance), _front.Contains(trial) ? "*" : ""]);
        }

        return table;
    }

    /// <summary>The same as comma-separated values.</summary>
    public string Csv()
    {
        StringBuilder csv = new("bytes,bitsPerWeight,ratio,drop,standardError,agreement,distance,front\n");
        foreach (BudgetTrial trial in _trials)
        {
            AnswerChange change = trial.Change!;
            csv.AppendLine(
                CultureInfo.InvariantCulture,
                $"{trial.Bytes},{8.0 * trial.Bytes / _weights},{(double)_originalBytes / trial.Bytes},{change.Top1Drop},{change.StandardError},{change.Agreement},{change.Distance},{(_front.Contains(trial) ? 1 : 0)}");
        }

        return csv.ToString().ReplaceLineEndings("\n");
    }

    /// <summary>The same as JSON.</summary>
    public void Report(Report report)
    {
        JsonArray plans = [];
        foreach (BudgetTrial trial in _trials)
        {
            AnswerChange change = trial.Change!;
            JsonObject fields = new()
            {
                ["bytes"] = trial.Bytes,
                ["bitsPerWeight"] = 8.0 * trial.Bytes / _weights,
                ["ratio"] = (double)_originalBytes / trial.Bytes,
                ["distance"] = SortedJson.Number(change.Distance),
                ["front"] = _front.Contains(trial),
            };
            if (Classifies) (fields["drop"], fields["standardError"], fields["agreement"]) = (change.Top1Drop, change.StandardError, change.Agreement);
            plans.Add((JsonNode)fields);
        }

        report["plans"] = plans;
        report.Totals["plans"] = plans.Count;
        report.Totals["samples"] = _samples.Count;
    }

    /// <summary>The front in the terminal.</summary>
    public void Draw(TextWriter writer) =>
        new ScatterChart(Classifies ? "points of top-1 lost over bytes" : "distance of outputs over bytes", bytes => ByteSize.Human((long)bytes), loss => Numbers.Short(loss))
            .Points('·', [.. _trials.Where(trial => !_front.Contains(trial)).Select(Place)])
            .Points('●', [.. _trials.Where(_front.Contains).Select(Place)])
            .Write(writer);

    /// <summary>The front as SVG.</summary>
    /// <param name="model">What the model is called.</param>
    public string Picture(string model) => FrontPicture.Draw(
        $"{model}, {_samples.Name}", "bytes of the file", Classifies ? "points of top-1 lost" : "distance of outputs",
        [.. _trials.Select(trial => (Place(trial).X, Place(trial).Y, Classifies ? 196 * trial.Change!.StandardError : 0, _front.Contains(trial)))]);

    private (double X, double Y) Place(BudgetTrial trial) => (trial.Bytes, Classifies ? 100 * Loss(trial) : Loss(trial));

    private double Loss(BudgetTrial trial) => Classifies ? trial.Change!.Top1Drop : trial.Change!.Distance;

    private static string Points(double fraction) => Numbers.Signed(100 * fraction, 2);
}
