namespace Tersor.Engine.Training;

/// <summary>The mean over all outputs of the squared difference from the target.</summary>
public sealed class MeanSquaredErrorLoss : Loss
{
    /// <inheritdoc/>
    public override bool UsesLabels => false;

    /// <inheritdoc/>
    public override bool TakesLogits => false;

    /// <inheritdoc/>
    public override double Compute(ReadOnlySpan<float> outputs, int samples, LossTargets targets, Span<float> gradient)
    {
        double total = 0;
        float scale = 2f / outputs.Length;
        for (int i = 0; i < outputs.Length; i++)
        {
            float difference = outputs[i] - targets.Values[i];
            total += (double)difference * difference;
            gradient[i] = scale * difference;
        }

        return total / outputs.Length;
    }
}
