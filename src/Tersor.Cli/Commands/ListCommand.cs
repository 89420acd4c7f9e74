using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Tersor.Cli.Output;
using Tersor.Codec;
using Tersor.Compression;
using Tersor.Compression.Budgets.Searches;
using Tersor.Compression.Pruning;
using Tersor.Compression.Recipes;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Cli.Commands;

/// <summary><c>tersor list [TOPIC]</c>: what is supported, from the tables that the code itself uses.</summary>
internal sealed class ListCommand : Verb
{
    private static readonly IReadOnlyList<Topic> Topics =
    [
        new("formats", ["format", "read", "write", "endings", "description"], () => ModelFormats.All.Select(format => new[]
        {
            format.Name, "yes", format.CanWrite || format is NncFormat ? "yes" : "no", string.Join(' ', format.Extensions), format.Description,
        })),
        new("methods", ["method", "kind", "exact", "description"], () =>
        [
            .. TensorMethods.All.Select(entry => new[] { entry.Name, "of a tensor", entry.Method.IsLossy() ? "no" : "yes", entry.Description }),
            .. RecipeSteps.All.Select(step => new[] { step.Name, "step of a recipe", "no", step.Description }),
            .. WeightImportances.All.Select(entry => new[] { entry.Name, "importance for prune", "", entry.Description }),
        ]),
        new("searches", ["search", "description"], () => PlanSearch.All.Select(search => new[] { search.Name, search.Description })),
        new("dtypes", ["type", "bits", "quantizable"], () => ElementTypes.All.Select(type => new[]
        {
            type.Name(), type.BitWidth().ToString(CultureInfo.InvariantCulture), type.IsQuantizable() ? "yes" : "no",
        })),
        new("exit-codes", ["code", "meaning"], () => ExitCodes.All.Select(entry => new[]
        {
            ((int)entry.Code).ToString(CultureInfo.InvariantCulture), entry.Meaning,
        })),
    ];

    private readonly Argument<string?> _topic = new("TOPIC")
    {
        Description = "One of " + string.Join(", ", Topics.Select(topic => topic.Name)) + "; all where none is named.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public ListCommand()
        : base("list", "Print what is supported: file formats, methods (of tensors and of recipes), searches, element types, exit codes.")
    {
        _topic.CompletionSources.Add([.. Topics.Select(topic => topic.Name)]);
        Add(_topic);
    }

    public override void Run(Invocation invocation)
    {
        bool isFirst = true;
        foreach (Topic topic in Chosen(invocation.OptionalValue(_topic)))
        {
            if (!isFirst) invocation.Print(writer => writer.WriteLine());
            isFirst = false;
            TextTable table = new();
            foreach (string column in topic.Columns) table.Text(column);
            JsonArray rows = [];
            foreach (string[] row in topic.Rows())
            {
                table.Row(row);
                rows.Add((JsonNode)new JsonObject(topic.Columns.Zip(row, (column, cell) => KeyValuePair.Create(column, (JsonNode?)cell))));
            }

            invocation.Report[topic.Name] = rows;
            invocation.Print(table);
        }
    }

    private static IEnumerable<Topic> Chosen(string? name)
    {
        if (name is null) return Topics;
        Topic? topic = Topics.FirstOrDefault(topic => topic.Name == name);
        string[] names = [.. Topics.Select(candidate => candidate.Name)];
        return topic is not null
            ? [topic]
            : throw CommandException.Usage($"'{name}' is nothing to list", ClosestNames.Hint(name, names) ?? $"Name one of {string.Join(", ", names)}.");
    }

    private sealed record Topic(string Name, IReadOnlyList<string> Columns, Func<IEnumerable<string[]>> Rows);
}
