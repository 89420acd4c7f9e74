using System.Text.Json.Nodes;
using Tersor.Engine.Training;

namespace Tersor.Cli.Output;

/// <summary>The settings of a training in the words of the command line.</summary>
internal static class TrainingRecipeText
{
    /// <summary>As the fields of a JSON object.</summary>
    public static JsonObject Fields(TrainingRecipe recipe)
    {
        JsonObject fields = new()
        {
            ["epochs"] = recipe.Epochs,
            ["batch"] = recipe.Batch,
            ["optimizer"] = Word(recipe.Optimizer),
            ["learningRate"] = recipe.LearningRate,
            ["weightDecay"] = recipe.WeightDecay,
            ["l1"] = recipe.L1,
            ["schedule"] = Word(recipe.Schedule),
            ["warmup"] = recipe.WarmUpEpochs,
            ["labelSmoothing"] = recipe.LabelSmoothing,
            ["clip"] = recipe.GradientClip,
            ["average"] = recipe.AverageDecay,
            ["augment"] = Word(recipe.Augmentation),
            ["patience"] = recipe.Patience,
        };
        if (recipe.Teacher is not null)
        {
            fields["teacher"] = recipe.Teacher;
            fields["temperature"] = recipe.Temperature;
            fields["soft"] = recipe.Soft;
            fields["teacherLabels"] = recipe.TeacherLabels;
        }

        if (recipe.Optimizer != OptimizerKind.Sgd) return fields;
        fields["momentum"] = recipe.Momentum;
        fields["nesterov"] = recipe.Nesterov;
        return fields;
    }

    /// <summary>One line: the settings that always matter, and the others where they do something.</summary>
    public static string Line(TrainingRecipe recipe)
    {
        List<string> parts =
        [
            $"{Numbers.Count(recipe.Epochs)} epochs",
            $"batch {Numbers.Integer(recipe.Batch)}",
            $"{Word(recipe.Optimizer)}{(recipe is { Optimizer: OptimizerKind.Sgd, Momentum: > 0 } ? $" with {(recipe.Nesterov ? "Nesterov " : "")}momentum {Numbers.Short(recipe.Momentum)}" : "")}",
            $"learning rate {Numbers.Short(recipe.LearningRate)} {Word(recipe.Schedule)}",
        ];
        if (recipe.WarmUpEpochs > 0) parts.Add($"warm-up {Numbers.Short(recipe.WarmUpEpochs)} epochs");
        if (recipe.WeightDecay > 0) parts.Add($"weight decay {Numbers.Short(recipe.WeightDecay)}");
        if (recipe.L1 > 0) parts.Add($"L1 {Numbers.Short(recipe.L1)}");
        if (recipe.LabelSmoothing > 0) parts.Add($"label smoothing {Numbers.Short(recipe.LabelSmoothing)}");
        if (recipe.GradientClip > 0) parts.Add($"gradients clipped at {Numbers.Short(recipe.GradientClip)}");
        if (recipe.AverageDecay > 0) parts.Add($"weights averaged with {Numbers.Short(recipe.AverageDecay)}");
        if (!recipe.Augmentation.IsNone) parts.Add($"augmented by {Word(recipe.Augmentation)}");
        if (recipe.Patience > 0) parts.Add($"patience {Numbers.Integer(recipe.Patience)}");
        if (recipe.Teacher is not null) parts.Add($"taught by {VisibleText.Escape(recipe.Teacher)} at temperature {Numbers.Short(recipe.Temperature)}, soft {Numbers.Short(recipe.Soft)}{(recipe.TeacherLabels ? ", with its labels" : "")}");
        return string.Join(", ", parts);
    }

    private static string Word(OptimizerKind optimizer) => optimizer switch
    {
        OptimizerKind.Sgd => "sgd",
        OptimizerKind.Adam => "adam",
        _ => "adamw",
    };

    private static string Word(ScheduleKind schedule) => schedule switch
    {
        ScheduleKind.Constant => "constant",
        ScheduleKind.Step => "step",
        ScheduleKind.Cosine => "cosine",
        _ => "one-cycle",
    };

    private static string Word(Augmentation augmentation)
    {
        if (augmentation.IsNone) return "none";
        List<string> words = [];
        if (augmentation.MaxShift > 0) words.Add($"crop:{Numbers.Integer(augmentation.MaxShift)}");
        if (augmentation.Flip) words.Add("flip");
        return string.Join(',', words);
    }
}
