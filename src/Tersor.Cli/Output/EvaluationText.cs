using System.Text.Json.Nodes;
using Tersor.Engine.Data;

namespace Tersor.Cli.Output;

/// <summary>How well models did on the same samples: a row each, and beside the first how far the others are from it.</summary>
internal static class EvaluationText
{
    /// <summary>A row per model. Regression has errors where classification has shares.</summary>
    public static TextTable Table(IReadOnlyList<EvaluatedModel> rows)
    {
        bool isClassification = rows[0].Result.Predictions.Count > 0;
        bool hasSeveral = rows.Count > 1;
        bool hasForms = rows.Any(row => row.IsHeld);
        TextTable table = new TextTable().Text("model").Number("bytes");
        if (hasForms) table.Number("in memory");
        if (isClassification) table.Number("top-1").Number("top-5").Number("loss");
        else table.Number("mse").Number("mae");
        if (hasSeveral && isClassification) table.Number("top-1 points").Number("loss change").Number("same class");
        if (hasSeveral && !isClassification) table.Number("mse change");
        table.Number("samples/s");
        foreach ((string path, long bytes, long residentBytes, _, Evaluation result) in rows)
        {
            List<string> cells = [path, ByteSize.Exact(bytes)];
            if (hasForms) cells.Add(ByteSize.Exact(residentBytes));
            if (isClassification) cells.AddRange([Numbers.Percent(result.Top1, 2), Numbers.Percent(result.Top5, 2), Numbers.Fixed(result.Loss, 4)]);
            else cells.AddRange([Numbers.Short(result.Loss), Numbers.Short(result.MeanAbsoluteError)]);
            if (hasSeveral) cells.AddRange(ReferenceEquals(result, rows[0].Result) ? Enumerable.Repeat("", isClassification ? 3 : 1) : Changes(rows[0].Result, result));
            cells.Add(Numbers.Count((long)result.SamplesPerSecond));
            table.Row([.. cells]);
        }

        return table;
    }

    /// <summary>The figures as JSON; shares are fractions of one. Only <c>timing</c> differs between runs.</summary>
    public static JsonObject Fields(Evaluation result)
    {
        JsonObject fields = new()
        {
            ["samples"] = result.Samples,
            ["timing"] = new JsonObject { ["seconds"] = result.Seconds, ["imagesPerSecond"] = result.SamplesPerSecond, ["secondsPerImage"] = result.Seconds / result.Samples },
        };
        if (result.Predictions.Count > 0)
        {
            fields["top1"] = result.Top1;
            fields["top5"] = result.Top5;
            fields["loss"] = SortedJson.Number(result.Loss);
        }
        else
        {
            fields["mse"] = SortedJson.Number(result.Loss);
            fields["mae"] = SortedJson.Number(result.MeanAbsoluteError);
        }

        return fields;
    }

    /// <summary>How far a model is from the first one, as JSON.</summary>
    public static JsonObject ChangeFields(Evaluation first, Evaluation result)
    {
        JsonObject fields = [];
        if (result.Predictions.Count > 0)
        {
            fields["top1"] = result.Top1 - first.Top1;
            fields["top5"] = result.Top5 - first.Top5;
            fields["loss"] = SortedJson.Number(result.Loss - first.Loss);
            fields["sameClass"] = result.AgreementWith(first);
        }
        else
        {
            fields["mse"] = SortedJson.Number(result.Loss - first.Loss);
            fields["mae"] = SortedJson.Number(result.MeanAbsoluteError - first.MeanAbsoluteError);
        }

        return fields;
    }

    private static IEnumerable<string> Changes(Evaluation first, Evaluation result) => result.Predictions.Count > 0
        ?
        [
            Numbers.Signed((result.Top1 - first.Top1) * 100, 2), Numbers.Signed(result.Loss - first.Loss, 4), Numbers.Percent(result.AgreementWith(first), 2),
        ]
        : [Numbers.Short(result.Loss - first.Loss)];
}
