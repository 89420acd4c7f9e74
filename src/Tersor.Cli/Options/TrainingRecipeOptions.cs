using System.CommandLine;
using System.Globalization;
using Tersor.Cli.Output;
using Tersor.Engine.Data;
using Tersor.Engine.Training;
using Tersor.Models;

namespace Tersor.Cli.Options;

/// <summary>How to train: every option changes one value of the recipe that the network comes with.</summary>
internal sealed class TrainingRecipeOptions
{
    private const double Below1 = 0.999999;

    private readonly Option<int?> _epochs = ValueOption.Integer("--epochs", "Passes over the train set.", 1, 100_000);
    private readonly Option<int?> _batch = ValueOption.Integer("--batch", "Samples of one step.", 1, 1 << 20);
    private readonly Option<OptimizerKind?> _optimizer = ValueOption.Choice<OptimizerKind>(
        "--optimizer", "How weights follow their gradients.", [("sgd", OptimizerKind.Sgd), ("adam", OptimizerKind.Adam), ("adamw", OptimizerKind.AdamW)]);

    private readonly Option<double?> _learningRate = ValueOption.Real("--learning-rate", "The full learning rate.", 0, 1e6);
    private readonly Option<double?> _momentum = ValueOption.Real("--momentum", "Momentum of sgd.", 0, Below1);
    private readonly Option<bool?> _nesterov = new("--nesterov")
    {
        Description = "Whether the momentum of sgd looks ahead: true (also where no value follows) or false.",
        HelpName = "true|false",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<double?> _weightDecay = ValueOption.Real("--weight-decay", "Decay of matrices and kernels; beside the gradient with adamw, within it otherwise.", 0, 1);
    private readonly Option<ScheduleKind?> _schedule = ValueOption.Choice<ScheduleKind>(
        "--schedule",
        "The learning rate over the training: constant; step, a tenth after half and a hundredth after three quarters; cosine, down to nothing; one-cycle, up for three tenths, then down to nothing.",
        [("constant", ScheduleKind.Constant), ("step", ScheduleKind.Step), ("cosine", ScheduleKind.Cosine), ("one-cycle", ScheduleKind.OneCycle)]);

    private readonly Option<double?> _warmUp = ValueOption.Real("--warmup", "Epochs in which the rate rises from nothing before its schedule begins.", 0, 100_000);
    private readonly Option<double?> _labelSmoothing = ValueOption.Real("--label-smoothing", "Part of a class's target that is spread over all classes.", 0, Below1);
    private readonly Option<double?> _clip = ValueOption.Real("--clip", "Largest norm of all gradients together; 0 for no limit.", 0, 1e9);
    private readonly Option<double?> _average = ValueOption.Real(
        "--average", "Decay per step, such as 0.999, of a running average of the weights, which is judged and written instead of them; 0 for none.", 0, Below1);

    private readonly Option<string?> _augment = new("--augment")
    {
        Description = "Random changes of training images: none, or crop (shift by up to an eighth of the side; crop:N, by up to N pixels) and flip (left to right) with a comma between.",
        HelpName = "none|crop|flip|crop,flip",
    };

    private readonly Option<int?> _patience = ValueOption.Integer(
        "--patience", "Stop after so many epochs without a better validation loss; 0 for never.", 0, 100_000);

    private readonly Option<string?> _teacher = new("--teacher")
    {
        Description = "A model with the same inputs and outputs whose answers are learned beside the labels (knowledge distillation).",
        HelpName = "FILE",
    };

    private readonly Option<double?> _temperature = ValueOption.Real("--temperature", "Softens the logits of --teacher and network before they are compared; 4 if not given.", 0.01, 1000);
    private readonly Option<double?> _soft = ValueOption.Real("--soft", "Share of the loss that --teacher has, the labels having the rest; 0.9 if not given.", 0, 1);
    private readonly Option<bool> _teacherLabels = new("--teacher-labels") { Description = "Take the classes that --teacher finds likeliest for labels, not those of the data." };

    /// <summary>The model to learn from; null for none.</summary>
    public string? Teacher(Invocation invocation) => invocation.Value(_teacher);

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        Option[] options =
        [
            _epochs, _batch, _optimizer, _learningRate, _momentum, _nesterov, _weightDecay, _schedule, _warmUp, _labelSmoothing, _clip, _average, _augment, _patience,
            _teacher, _temperature, _soft, _teacherLabels,
        ];
        foreach (Option option in options) verb.Add(option);
    }

    /// <summary>The recipe with what the user changed.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="recipe">What the network comes with.</param>
    /// <param name="train">What is trained on: crops depend on the shape of its samples.</param>
    /// <param name="validation">What is held out.</param>
    /// <exception cref="CommandException">Options that do not go together; all at once.</exception>
    public TrainingRecipe Resolve(Invocation invocation, TrainingRecipe recipe, SampleSet train, SampleSet validation)
    {
        List<string> problems = [];
        recipe = recipe.WithOptimizer(invocation.Value(_optimizer) ?? recipe.Optimizer);
        if (recipe.Optimizer != OptimizerKind.Sgd)
        {
            if (invocation.IsGiven(_momentum)) problems.Add("--momentum is for --optimizer sgd");
            if (invocation.IsGiven(_nesterov)) problems.Add("--nesterov is for --optimizer sgd");
        }

        recipe = recipe with
        {
            Epochs = invocation.Value(_epochs) ?? recipe.Epochs,
            Batch = invocation.Value(_batch) ?? recipe.Batch,
            LearningRate = invocation.Value(_learningRate) ?? recipe.LearningRate,
            Momentum = invocation.Value(_momentum) ?? recipe.Momentum,
            Nesterov = invocation.IsGiven(_nesterov) ? invocation.Value(_nesterov) ?? true : recipe.Nesterov,
            WeightDecay = invocation.Value(_weightDecay) ?? recipe.WeightDecay,
            Schedule = invocation.Value(_schedule) ?? recipe.Schedule,
            WarmUpEpochs = invocation.Value(_warmUp) ?? recipe.WarmUpEpochs,
            LabelSmoothing = invocation.Value(_labelSmoothing) ?? recipe.LabelSmoothing,
            GradientClip = invocation.Value(_clip) ?? recipe.GradientClip,
            AverageDecay = invocation.Value(_average) ?? recipe.AverageDecay,
            Augmentation = Augment(invocation, recipe.Augmentation, train.SampleShape, problems),
            Patience = invocation.Value(_patience) ?? recipe.Patience,
            Teacher = invocation.Value(_teacher),
            Temperature = invocation.Value(_temperature) ?? recipe.Temperature,
            Soft = invocation.Value(_soft) ?? recipe.Soft,
            TeacherLabels = invocation.Value(_teacherLabels),
        };
        if (recipe.Nesterov && recipe.Momentum == 0 && recipe.Optimizer == OptimizerKind.Sgd) problems.Add("--nesterov needs --momentum above 0");
        if (recipe.Patience > 0 && validation.Count == 0) problems.Add("--patience needs held-out samples, and --validation leaves none");
        if (recipe.LabelSmoothing > 0 && !train.HasLabels) problems.Add($"--label-smoothing is for classes, {train.Name} has targets");
        if (recipe.Teacher is null && (invocation.IsGiven(_temperature) || invocation.IsGiven(_soft) || invocation.IsGiven(_teacherLabels)))
            problems.Add("--temperature, --soft and --teacher-labels are for --teacher FILE");
        if (problems.Count > 0) throw CommandException.Usage(string.Join("; ", problems));
        return recipe;
    }

    private Augmentation Augment(Invocation invocation, Augmentation fromRecipe, TensorShape sample, List<string> problems)
    {
        bool isImage = sample.Rank == 3;
        if (invocation.Value(_augment) is not { } text) return isImage ? fromRecipe : Augmentation.None;
        if (text == "none") return Augmentation.None;
        if (!isImage) problems.Add($"--augment {text} is for images, the data has samples of {sample}");
        Augmentation augmentation = Augmentation.None;
        foreach (string word in text.Split(','))
        {
            if (word == "flip") augmentation = augmentation with { Flip = true };
            else if (word == "crop" && isImage) augmentation = augmentation with { MaxShift = (int)Math.Max(1, Math.Min(sample[1], sample[2]) / 8) };
            else if (word.StartsWith("crop:", StringComparison.Ordinal) && int.TryParse(word["crop:".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int pixels))
                augmentation = augmentation with { MaxShift = pixels };
            else if (word != "crop") problems.Add($"--augment takes none, or crop, crop:PIXELS and flip with commas between, not '{VisibleText.Escape(text)}'");
        }

        return augmentation;
    }
}
