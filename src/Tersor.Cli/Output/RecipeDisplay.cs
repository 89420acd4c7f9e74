using System.Text.Json.Nodes;
using Tersor.Compression.Recipes;
using Tersor.Engine.Training;

namespace Tersor.Cli.Output;

/// <summary>Shows a recipe as it goes: lines on stderr for steps and trainings, and a table of the steps at the end.</summary>
internal sealed class RecipeDisplay(Invocation invocation) : IRecipeObserver
{
    private readonly List<StepReport> _steps = [];
    private TrainingDisplay? _training;

    /// <summary>The steps that are done.</summary>
    public IReadOnlyList<StepReport> Steps => _steps;

    /// <inheritdoc/>
    public void Note(string line) => invocation.Note(line);

    /// <inheritdoc/>
    public void TrainingBegins(string name, TrainingRecipe training, int batch, int samples)
    {
        invocation.Note($"{name}: {TrainingRecipeText.Line(training)}");
        _training = new TrainingDisplay(invocation, training.Epochs, batch, samples);
    }

    /// <inheritdoc/>
    public void StepBegins(int number, int count, RecipeStep begun) => invocation.Note($"step {Numbers.Integer(number)} of {Numbers.Integer(count)}: {begun.Name}");

    /// <inheritdoc/>
    public void StepEnds(StepReport report)
    {
        _steps.Add(report);
        invocation.Note($"step {Numbers.Integer(report.Number)} done: {Numbers.Percent(report.Judged.Top1, 2)} of the held-out samples, {Durations.Clock(report.Seconds)}");
    }

    /// <inheritdoc/>
    public void Report(EpochReport value) => _training?.Report(value);

    /// <inheritdoc/>
    public void Report(TrainingStep value) => _training?.Report(value);

    /// <summary>The table of the steps.</summary>
    public TextTable Table()
    {
        TextTable table = new TextTable().Text("step").Text("transform").Number("held-out top-1").Number("loss").Number("parameters").Number("not zero").Number("multiply-adds").Number("time");
        foreach (StepReport step in _steps)
        {
            table.Row(
                Numbers.Integer(step.Number), step.Step.Name, Numbers.Percent(step.Judged.Top1, 2), Numbers.Fixed(step.Judged.Loss, 4), Numbers.Count(step.Parameters),
                $"{Numbers.Count(step.NonZero)} ({Numbers.Percent((double)step.NonZero / Math.Max(1, step.Parameters))})", Numbers.Count(step.MultiplyAdds), Durations.Clock(step.Seconds));
        }

        return table;
    }

    /// <summary>The same as JSON.</summary>
    public JsonArray Fields() => new([.. _steps.Select(step => (JsonNode)new JsonObject
    {
        ["step"] = step.Number,
        ["transform"] = step.Step.Name,
        ["settings"] = step.Step.Describe(),
        ["validation"] = EvaluationText.Fields(step.Judged),
        ["parameters"] = step.Parameters,
        ["nonZero"] = step.NonZero,
        ["multiplyAdds"] = step.MultiplyAdds,
        ["seconds"] = Math.Round(step.Seconds, 3),
    })]);
}
