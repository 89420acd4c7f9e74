namespace Tersor.Engine.Training;

/// <summary>How to train.</summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the train set.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Samples of one step; what is left of an epoch is left out.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Decides order, augmentation and dropout.</summary>
    public ulong Seed { get; init; }

    /// <summary>The full learning rate.</summary>
    public double LearningRate { get; init; } = 0.05;

    /// <summary>The learning rate over the training.</summary>
    public LearningRateSchedule Schedule { get; init; } = new ConstantSchedule();

    /// <summary>Makes the optimizer.</summary>
    public Func<Optimizer> Optimizer { get; init; } = () => new SgdOptimizer(0.9f);

    /// <summary>What is made small.</summary>
    public Loss Loss { get; init; } = new CrossEntropyLoss();

    /// <summary>Whose answers are learned beside the labels, of which <see cref="Loss"/> is then a part; null for nobody's.</summary>
    public Teacher? Teacher { get; init; }

    /// <summary>Factor of the sum of magnitudes that is added to the loss, for tensors that decay.</summary>
    public float L1 { get; init; }

    /// <summary>Factor of half the sum of squares that is added to the loss, for tensors that decay.</summary>
    public float L2 { get; init; }

    /// <summary>Largest norm of all gradients together; longer ones are shortened. 0 for no limit.</summary>
    public float GradientClip { get; init; }

    /// <summary>Decay per step of a running average of the weights, which is judged and kept instead of them; 0 for none.</summary>
    public float AverageDecay { get; init; }

    /// <summary>What is applied to the stored tensors after each step of the optimizer, in order; one training each.</summary>
    public IReadOnlyList<TrainingConstraint> Constraints { get; init; } = [];

    /// <summary>Random changes of training images.</summary>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    /// <summary>Stop after so many epochs without a better validation loss, and keep the weights of the best one; 0 for neither.</summary>
    public int Patience { get; init; }

    /// <summary>Where the state is kept after each epoch, and taken up from if it is there; null for nowhere.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>
    /// Further settings by name, such as <c>optimizer</c>, that a checkpoint keeps: it is taken up by a training with the same ones only. Recipes fill it.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Epochs);
        ArgumentOutOfRangeException.ThrowIfLessThan(Batch, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Patience);
        foreach ((string name, double value) in (ReadOnlySpan<(string, double)>)[(nameof(LearningRate), LearningRate), (nameof(L1), L1), (nameof(L2), L2), (nameof(GradientClip), GradientClip)])
        {
            if (!double.IsFinite(value) || value < 0) throw new ArgumentOutOfRangeException(name, value, "0 or more is possible.");
        }

        if (AverageDecay is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(AverageDecay), AverageDecay, "0 up to 1 is possible.");
    }
}

/// <summary>What one epoch gave.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="TrainLoss">Mean over the steps, regularisers left out.</param>
/// <param name="ValidationLoss">NaN without a validation set.</param>
/// <param name="ValidationTop1">NaN without a validation set, or without labels.</param>
/// <param name="LearningRate">Of the last step.</param>
/// <param name="Seconds">Time of the epoch, validation included; the only number that differs from run to run.</param>
public sealed record EpochReport(int Epoch, double TrainLoss, double ValidationLoss, double ValidationTop1, double LearningRate, double Seconds);

/// <summary>How far an epoch is.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Step">Within the epoch, from 1.</param>
/// <param name="StepsPerEpoch">Steps of the epoch.</param>
/// <param name="MeanLoss">Over the steps of the epoch so far, regularisers left out.</param>
public readonly record struct TrainingStep(int Epoch, int Step, int StepsPerEpoch, double MeanLoss);
