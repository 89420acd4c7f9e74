using System.Text.Json.Nodes;
using Tersor.Compression.Budgets;
using Tersor.Compression.Budgets.Searches;

namespace Tersor.Cli.Output;

/// <summary>What a search tried, and how long it took.</summary>
/// <param name="search">The search.</param>
/// <param name="result">What it found.</param>
internal sealed class SearchText(PlanSearch search, SearchResult result)
{
    /// <summary>A row with the sums.</summary>
    public TextTable Table()
    {
        TextTable table = new TextTable().Text("search").Number("trials of tensors").Number("of plans").Number("evaluations").Number("seconds");
        table.Row(search.Name, Numbers.Count(result.Assessments), Numbers.Count(result.Trials.Count), Numbers.Count(result.Evaluations), Numbers.Fixed(result.Time.TotalSeconds, 1));
        return table;
    }

    /// <summary>The same as JSON, with every plan from the largest to the smallest.</summary>
    public JsonObject Fields()
    {
        JsonArray plans = [];
        foreach (BudgetTrial trial in result.Trials.OrderByDescending(trial => trial.Bytes))
        {
            JsonObject fields = new() { ["bytes"] = trial.Bytes };
            if (trial.Change is { } change)
                (fields["drop"], fields["distance"], fields["divergence"], fields["agreement"]) = (change.Top1Drop, SortedJson.Number(change.Distance), SortedJson.Number(change.Divergence), change.Agreement);
            plans.Add((JsonNode)fields);
        }

        JsonObject report = new()
        {
            ["name"] = search.Name,
            ["tensorTrials"] = result.Assessments,
            ["plans"] = plans,
            ["evaluations"] = result.Evaluations,
            ["seconds"] = result.Time.TotalSeconds,
        };
        if (result.Found is { } found)
        {
            report["foundBytes"] = found.Bytes;
            if (found.Change is { } change) (report["foundDrop"], report["expectedDrop"]) = (change.Top1Drop, SortedJson.Number(result.Goal.ExpectedLoss(found)));
        }

        return report;
    }
}
