using System.Globalization;
using Tersor.Engine.Graphs;

namespace Tersor.Engine.Training;

/// <summary>Ways of changing weights by their gradients.</summary>
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum: <see cref="SgdOptimizer"/>.</summary>
    Sgd,

    /// <summary>Adam, weight decay within the gradient.</summary>
    Adam,

    /// <summary>Adam, weight decay beside the gradient.</summary>
    AdamW,
}

/// <summary>Courses of the learning rate.</summary>
public enum ScheduleKind
{
    /// <summary>The full rate all along.</summary>
    Constant,

    /// <summary>A tenth after half of the training, a hundredth after three quarters.</summary>
    Step,

    /// <summary>Half a cosine down to nothing.</summary>
    Cosine,

    /// <summary>Up and down again along half cosines.</summary>
    OneCycle,
}

/// <summary>A training as plain values that a person chooses, a file keeps and a command line takes; <see cref="ToOptions"/> makes the objects.</summary>
public sealed record TrainingRecipe
{
    private static readonly double[] StepPlaces = [0.5, 0.75];

    /// <summary>For a network that is trained already: a small rate that falls to nothing.</summary>
    public static TrainingRecipe FineTuning { get; } = new() { Epochs = 5, LearningRate = 0.005, Schedule = ScheduleKind.Cosine };

    /// <summary>Passes over the train set.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Samples of one step.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>How weights follow their gradients.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    /// <summary>The full learning rate.</summary>
    public double LearningRate { get; init; } = 0.05;

    /// <summary>Of SGD: 0 up to, not including, 1.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether the momentum of SGD looks ahead.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Decay of matrices and kernels per step and unit of the learning rate.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Factor of the sum of magnitudes of matrices and kernels that is added to the loss: it draws weights to zero.</summary>
    public double L1 { get; init; }

    /// <summary>The course of the learning rate.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.OneCycle;

    /// <summary>Epochs in which the rate rises from nothing before its course begins; parts of an epoch are possible.</summary>
    public double WarmUpEpochs { get; init; }

    /// <summary>What the target of a class gives to all classes: 0 up to, not including, 1.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Largest norm of all gradients together; 0 for no limit.</summary>
    public double GradientClip { get; init; }

    /// <summary>Decay per step of a running average of the weights, which is judged and kept instead of them; 0 for none.</summary>
    public double AverageDecay { get; init; }

    /// <summary>Random changes of training images.</summary>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    /// <summary>Stop after so many epochs without a better validation loss, and keep the weights of the best one; 0 for neither.</summary>
    public int Patience { get; init; }

    /// <summary>Whose answers are learned beside the labels: a name that whoever runs the training knows, such as a model file; null for nobody's.</summary>
    public string? Teacher { get; init; }

    /// <summary>Softens the logits of teacher and network; above 0.</summary>
    public double Temperature { get; init; } = Training.Teacher.UsualTemperature;

    /// <summary>The share of the teacher's softened answers in the loss, 0 to 1; labels have the rest.</summary>
    public double Soft { get; init; } = Training.Teacher.UsualSoft;

    /// <summary>Whether the labels are the classes that the teacher finds likeliest, not those of the data.</summary>
    public bool TeacherLabels { get; init; }

    /// <summary>The same with another optimizer, and with rate and decay that are customary for it where it is not the one the recipe was made for.</summary>
    public TrainingRecipe WithOptimizer(OptimizerKind optimizer)
    {
        if (optimizer == Optimizer) return this;
        return optimizer == OptimizerKind.Sgd
            ? this with { Optimizer = optimizer, LearningRate = 0.05, WeightDecay = 0 }
            : this with { Optimizer = optimizer, LearningRate = 0.001, WeightDecay = optimizer == OptimizerKind.AdamW ? 0.01 : 0 };
    }

    /// <summary>The options of a <see cref="Trainer"/>.</summary>
    /// <param name="seed">Decides order, augmentation and dropout.</param>
    /// <param name="usesLabels">Whether the data has classes, learned by cross-entropy, or targets, learned by the mean squared error.</param>
    /// <param name="checkpoint">Where the state is kept after each epoch; null for nowhere.</param>
    /// <param name="teacher">The network that <see cref="Teacher"/> names; null where it names none.</param>
    /// <exception cref="ArgumentException">A teacher is named and none given, or the other way round.</exception>
    public TrainingOptions ToOptions(ulong seed, bool usesLabels = true, string? checkpoint = null, ExecutableGraph? teacher = null)
    {
        if (Teacher is null != teacher is null) throw new ArgumentException(Teacher is null ? "The training names no teacher." : $"The teacher '{Teacher}' is not given.", nameof(teacher));
        float weightDecay = (float)WeightDecay;
        return new TrainingOptions
        {
            Epochs = Epochs,
            Batch = Batch,
            Seed = seed,
            LearningRate = LearningRate,
            Schedule = MakeSchedule(),
            Optimizer = Optimizer == OptimizerKind.Sgd
                ? () => new SgdOptimizer((float)Momentum, weightDecay, Nesterov)
                : () => new AdamOptimizer(weightDecay: weightDecay, decoupled: Optimizer == OptimizerKind.AdamW),
            Loss = usesLabels ? new CrossEntropyLoss((float)LabelSmoothing) : new MeanSquaredErrorLoss(),
            Teacher = teacher is null ? null : new Teacher(teacher, Temperature, Soft, TeacherLabels),
            L1 = (float)L1,
            GradientClip = (float)GradientClip,
            AverageDecay = (float)AverageDecay,
            Augmentation = Augmentation,
            Patience = Patience,
            Checkpoint = checkpoint,
            Settings = DecidingSettings(),
        };
    }

    // Under a constant rate a training may be made longer; any other rate depends on the length.
    private Dictionary<string, string> DecidingSettings()
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["optimizer"] = Optimizer.ToString(),
            ["learning rate"] = Text(LearningRate),
            ["weight decay"] = Text(WeightDecay),
            ["schedule"] = Schedule.ToString(),
            ["warm-up"] = Text(WarmUpEpochs),
            ["label smoothing"] = Text(LabelSmoothing),
            ["gradient clip"] = Text(GradientClip),
            ["average"] = Text(AverageDecay),
            ["augmentation"] = FormattableString.Invariant($"shift {Augmentation.MaxShift}{(Augmentation.Flip ? ", flip" : "")}"),
            ["patience"] = Text(Patience),
        };
        if (L1 > 0) settings["l1"] = Text(L1);
        if (Schedule != ScheduleKind.Constant || WarmUpEpochs > 0) settings["epochs"] = Text(Epochs);
        if (Optimizer == OptimizerKind.Sgd) settings["momentum"] = Text(Momentum) + (Nesterov ? ", Nesterov" : "");
        return settings;
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private LearningRateSchedule MakeSchedule()
    {
        LearningRateSchedule schedule = Schedule switch
        {
            ScheduleKind.Constant => new ConstantSchedule(),
            ScheduleKind.Step => new StepSchedule(StepPlaces),
            ScheduleKind.Cosine => new CosineSchedule(),
            _ => new OneCycleSchedule(),
        };
        return schedule with { WarmUp = Math.Clamp(WarmUpEpochs / Math.Max(1, Epochs), 0, 1) };
    }
}
