namespace Tersor.Engine.Training;

/// <summary>The loss or the weights are no longer numbers. The last checkpoint, if one was asked for, is good.</summary>
public sealed class TrainingDivergedException : Exception
{
    /// <summary>Says what and where.</summary>
    /// <param name="what">Such as <c>the loss is NaN</c>.</param>
    /// <param name="epoch">From 1.</param>
    /// <param name="step">From 1, over the whole training.</param>
    public TrainingDivergedException(string what, int epoch, long step)
        : base(FormattableString.Invariant($"At step {step}, in epoch {epoch}, {what}. Lower the learning rate, clip gradients or warm up."))
    {
        Epoch = epoch;
        Step = step;
    }

    /// <summary>From 1.</summary>
    public int Epoch { get; }

    /// <summary>From 1, over the whole training.</summary>
    public long Step { get; }
}
