namespace Tersor.Engine.Training;

/// <summary>
/// What is applied to the stored tensors after each step of the optimizer: the proximal step of a penalty, a projection to where they may lie. It is part of what a
/// training is, so that a checkpoint with other constraints is not taken up.
/// </summary>
public abstract class TrainingConstraint
{
    /// <summary>Kind and settings as short text; the same for the same effect.</summary>
    public abstract string Description { get; }

    /// <summary>Called once, before the first step.</summary>
    /// <param name="tensors">All that is stored and trained, in a fixed order.</param>
    public abstract void Attach(IReadOnlyList<TrainedTensor> tensors);

    /// <summary>Changes the values of the tensors in place. Must give the same values for the same tensors on any machine setting.</summary>
    /// <param name="learningRate">Of the step just taken.</param>
    /// <param name="progress">The share of all steps that are taken, from above 0 to 1.</param>
    public abstract void Apply(double learningRate, double progress);

    /// <summary>
    /// Called where the tensors may have changed otherwise than by a step: before the first and after a checkpoint was taken up, at the end of each epoch, and where an average has changed places with them. What the
    /// constraint remembers must from here on follow from the tensors and the progress alone, so that a training that was stopped goes on to the same bytes.
    /// </summary>
    /// <param name="progress">The share of all steps that are taken, 0 to 1.</param>
    public virtual void Settle(double progress)
    {
    }
}
