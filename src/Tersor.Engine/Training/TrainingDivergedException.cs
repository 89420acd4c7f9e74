namespace Tersor.Engine.Training;

/// <summary>The loss is no longer a number. The last checkpoint, if one was asked for, is good.</summary>
public sealed class TrainingDivergedException : Exception
{
    /// <summary>Says where it happened.</summary>
    public TrainingDivergedException(int epoch, long step, double loss)
        : base(FormattableString.Invariant($"The loss is {loss} at step {step}, in epoch {epoch}. Lower the learning rate, clip gradients or warm up."))
    {
        Epoch = epoch;
        Step = step;
    }

    /// <summary>From 1.</summary>
    public int Epoch { get; }

    /// <summary>From 1, over the whole training.</summary>
    public long Step { get; }
}
