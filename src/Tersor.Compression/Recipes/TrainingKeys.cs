using System.Globalization;
using Tersor.Engine.Training;

namespace Tersor.Compression.Recipes;

/// <summary>The settings of a training, as keys of a recipe.</summary>
internal static class TrainingKeys
{
    private const double LeastTemperature = 0.01;
    private const double Below1 = 0.999999;

    /// <summary>Reads the training of a step; null where the step has none.</summary>
    /// <param name="step">The step's settings, of which <c>train</c> is a mapping.</param>
    /// <param name="usual">What is not said.</param>
    public static TrainingRecipe? Nested(RecipeMapping step, TrainingRecipe usual)
    {
        if (step.Mapping("train") is not { } mapping) return null;
        TrainingRecipe training = Read(mapping, usual);
        mapping.Finish();
        return training;
    }

    /// <summary>Reads a training.</summary>
    public static TrainingRecipe Read(RecipeMapping mapping, TrainingRecipe usual)
    {
        OptimizerKind optimizer = mapping.Choice(
            "optimizer", usual.Optimizer, [("sgd", OptimizerKind.Sgd), ("adam", OptimizerKind.Adam), ("adamw", OptimizerKind.AdamW)]);
        usual = usual.WithOptimizer(optimizer);
        TrainingRecipe training = usual with
        {
            Epochs = mapping.Integer("epochs", usual.Epochs, 1, 100_000),
            Batch = mapping.Integer("batch", usual.Batch, 1, 1 << 20),
            LearningRate = mapping.Real("learning-rate", usual.LearningRate, 0, 1e6),
            Momentum = mapping.Real("momentum", usual.Momentum, 0, Below1),
            Nesterov = mapping.Flag("nesterov", usual.Nesterov),
            WeightDecay = mapping.Real("weight-decay", usual.WeightDecay, 0, 1),
            L1 = mapping.Real("l1", usual.L1, 0, 1),
            Schedule = mapping.Choice(
                "schedule",
                usual.Schedule,
                [("constant", ScheduleKind.Constant), ("step", ScheduleKind.Step), ("cosine", ScheduleKind.Cosine), ("one-cycle", ScheduleKind.OneCycle)]),
            WarmUpEpochs = mapping.Real("warmup", usual.WarmUpEpochs, 0, 100_000),
            LabelSmoothing = mapping.Real("label-smoothing", usual.LabelSmoothing, 0, Below1),
            GradientClip = mapping.Real("clip", usual.GradientClip, 0, 1e9),
            AverageDecay = mapping.Real("average", usual.AverageDecay, 0, Below1),
            Augmentation = ReadAugmentation(mapping, usual.Augmentation),
            Patience = mapping.Integer("patience", usual.Patience, 0, 100_000),
            Teacher = mapping.Text("teacher") ?? usual.Teacher,
            Temperature = mapping.Real("temperature", usual.Temperature, LeastTemperature, 1000),
            Soft = mapping.Real("soft", usual.Soft, 0, 1),
            TeacherLabels = mapping.Flag("teacher-labels", usual.TeacherLabels),
        };
        if (training.Teacher is null && (mapping.Has("temperature") || mapping.Has("soft") || mapping.Has("teacher-labels")))
            mapping.Problem($"has temperature, soft or teacher-labels, which are for a teacher; add teacher: {Recipe.OriginalTeacher}, or that of a model file, or drop them");
        if (training.Nesterov && training.Momentum == 0 && optimizer == OptimizerKind.Sgd) mapping.Problem("has nesterov without momentum");
        if (optimizer != OptimizerKind.Sgd && (mapping.Has("momentum") || mapping.Has("nesterov"))) mapping.Problem("has momentum, which is for the optimizer sgd");
        return training;
    }

    /// <summary>A training in the words of a recipe: what always matters, and what is not as in a plain training. Trainings of one text are equal.</summary>
    public static string Text(TrainingRecipe training)
    {
        TrainingRecipe plain = new();
        List<string> words =
        [
            Word("epochs", training.Epochs), Word("batch", training.Batch), Word("optimizer", training.Optimizer), Word("learning-rate", training.LearningRate),
            Word("schedule", training.Schedule),
        ];
        if (training.Momentum != plain.Momentum) words.Add(Word("momentum", training.Momentum));
        if (training.Nesterov) words.Add("nesterov");
        if (training.WeightDecay != 0) words.Add(Word("weight-decay", training.WeightDecay));
        if (training.L1 != 0) words.Add(Word("l1", training.L1));
        if (training.WarmUpEpochs != 0) words.Add(Word("warmup", training.WarmUpEpochs));
        if (training.LabelSmoothing != 0) words.Add(Word("label-smoothing", training.LabelSmoothing));
        if (training.GradientClip != 0) words.Add(Word("clip", training.GradientClip));
        if (training.AverageDecay != 0) words.Add(Word("average", training.AverageDecay));
        if (training.Augmentation.MaxShift > 0) words.Add(Word("augment crop", training.Augmentation.MaxShift));
        if (training.Augmentation.Flip) words.Add("augment flip");
        if (training.Patience != 0) words.Add(Word("patience", training.Patience));
        if (training.Teacher is not null) words.AddRange([Word("teacher", training.Teacher), Word("temperature", training.Temperature), Word("soft", training.Soft)]);
        if (training is { Teacher: not null, TeacherLabels: true }) words.Add("teacher-labels");
        return string.Join(", ", words);
    }

    private static string Word<T>(string key, T value) => string.Create(CultureInfo.InvariantCulture, $"{key} {value}");

    private static Augmentation ReadAugmentation(RecipeMapping mapping, Augmentation usual)
    {
        if (mapping.Text("augment") is not { } text) return usual;
        Augmentation augmentation = Augmentation.None;
        if (text == "none") return augmentation;
        foreach (string word in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (word == "flip") augmentation = augmentation with { Flip = true };
            else if (word.StartsWith("crop:", StringComparison.Ordinal) && int.TryParse(word["crop:".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int pixels))
                augmentation = augmentation with { MaxShift = pixels };
            else mapping.Problem($"has '{word}' to augment; none, or crop:PIXELS and flip with a comma between, are possible");
        }

        return augmentation;
    }
}
