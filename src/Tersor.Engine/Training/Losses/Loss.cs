using Tersor.Engine.Graphs;

namespace Tersor.Engine.Training;

/// <summary>What a batch of outputs should be: a class per sample, a target per output, or both.</summary>
public readonly ref struct LossTargets
{
    /// <summary>Classes.</summary>
    public LossTargets(ReadOnlySpan<int> labels)
    {
        Labels = labels;
    }

    /// <summary>Targets, as long as the outputs.</summary>
    public LossTargets(ReadOnlySpan<float> values)
    {
        Values = values;
    }

    /// <summary>Classes, and targets as long as the outputs.</summary>
    public LossTargets(ReadOnlySpan<int> labels, ReadOnlySpan<float> values)
    {
        Labels = labels;
        Values = values;
    }

    /// <summary>A class per sample; empty where there are only targets.</summary>
    public ReadOnlySpan<int> Labels { get; }

    /// <summary>A target per output; empty where there are only classes.</summary>
    public ReadOnlySpan<float> Values { get; }
}

/// <summary>What training makes small: a number for a batch of outputs, and its gradient.</summary>
public abstract class Loss
{
    /// <summary>Whether the loss compares with classes; otherwise with targets.</summary>
    public abstract bool UsesLabels { get; }

    /// <summary>Whether the outputs are logits, of which the loss takes the softmax; otherwise they are compared as they are.</summary>
    public abstract bool TakesLogits { get; }

    /// <summary>The mean over the batch.</summary>
    /// <param name="outputs">Samples x outputs.</param>
    /// <param name="samples">Number of samples.</param>
    /// <param name="targets">What the outputs should be.</param>
    /// <param name="gradient">Receives the gradient with respect to the outputs.</param>
    public abstract double Compute(ReadOnlySpan<float> outputs, int samples, LossTargets targets, Span<float> gradient);

    /// <summary>This loss for a model's first output: where it takes logits and the model gives probabilities, the same function of those.</summary>
    public Loss ForAnswersOf(ExecutableGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return TakesLogits && graph.GivesProbabilities(0) ? new LossOfProbabilities(this) : this;
    }
}
