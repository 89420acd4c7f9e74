using System.Numerics.Tensors;

namespace Tersor.Engine.Training;

/// <summary>
/// A loss of logits, for a model whose last operator is Softmax. Logarithms of probabilities are logits less one number per sample, which no such loss sees; their
/// gradient sums to zero over a sample, so that Softmax passes it on to the model's own logits unchanged.
/// </summary>
internal sealed class LossOfProbabilities : Loss
{
    // Below this a probability counts as this: its logarithm is taken.
    public const float LeastProbability = 1e-30f;

    private readonly Loss _ofLogits;
    private float[] _probabilities = [];
    private float[] _logarithms = [];

    public LossOfProbabilities(Loss ofLogits)
    {
        _ofLogits = ofLogits;
    }

    /// <inheritdoc/>
    public override bool UsesLabels => _ofLogits.UsesLabels;

    /// <inheritdoc/>
    public override bool TakesLogits => false;

    /// <inheritdoc/>
    public override double Compute(ReadOnlySpan<float> outputs, int samples, LossTargets targets, Span<float> gradient)
    {
        if (_logarithms.Length < outputs.Length) (_probabilities, _logarithms) = (new float[outputs.Length], new float[outputs.Length]);
        Span<float> probabilities = _probabilities.AsSpan(0, outputs.Length);
        Span<float> logarithms = _logarithms.AsSpan(0, outputs.Length);
        TensorPrimitives.Max(outputs, LeastProbability, probabilities);
        TensorPrimitives.Log<float>(probabilities, logarithms);
        double loss = _ofLogits.Compute(logarithms, samples, targets, gradient);
        TensorPrimitives.Divide(gradient, probabilities, gradient);
        return loss;
    }
}
