namespace Tersor.Engine.Training;

/// <summary>
/// Adam (Kingma, Ba 2015): running means of gradient and squared gradient, freed of their start at zero. Weight decay joins the gradient, or with
/// <c>decoupled</c> (AdamW: Loshchilov, Hutter 2019) shrinks the weights beside it.
/// </summary>
public sealed class AdamOptimizer : Optimizer
{
    private readonly float _beta1;
    private readonly float _beta2;
    private readonly float _epsilon;
    private readonly float _weightDecay;
    private readonly bool _decoupled;

    /// <summary>Takes the settings.</summary>
    /// <param name="beta1">Of the mean gradient: 0 up to, not including, 1.</param>
    /// <param name="beta2">Of the mean squared gradient: 0 up to, not including, 1.</param>
    /// <param name="epsilon">Added to the root.</param>
    /// <param name="weightDecay">0 or more; for tensors that decay.</param>
    /// <param name="decoupled">Whether the decay stays out of the means.</param>
    public AdamOptimizer(float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-8f, float weightDecay = 0, bool decoupled = false)
    {
        if (beta1 is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(beta1), beta1, "0 up to 1 is possible.");
        if (beta2 is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(beta2), beta2, "0 up to 1 is possible.");
        if (weightDecay is not >= 0) throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "0 or more is possible.");
        (_beta1, _beta2, _epsilon, _weightDecay, _decoupled) = (beta1, beta2, epsilon, weightDecay, decoupled);
    }

    /// <inheritdoc/>
    protected internal override int ArraysPerTensor => 2;

    /// <inheritdoc/>
    protected override void Update(TrainedTensor tensor, float[][] memory, float rate)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(memory);
        float[] w = tensor.Values;
        float[] g = tensor.Gradient;
        (float[] m, float[] v) = (memory[0], memory[1]);
        float decay = tensor.DecaysWeights ? _weightDecay : 0;
        float coupled = _decoupled ? 0 : decay;
        float shrink = _decoupled ? 1 - (rate * decay) : 1;
        float correction1 = (float)(1 / (1 - Math.Pow(_beta1, Steps)));
        float correction2 = (float)(1 / (1 - Math.Pow(_beta2, Steps)));
        for (int k = 0; k < w.Length; k++)
        {
            float slope = g[k] + (coupled * w[k]);
            m[k] = (_beta1 * m[k]) + ((1 - _beta1) * slope);
            v[k] = (_beta2 * v[k]) + ((1 - _beta2) * slope * slope);
            w[k] = (w[k] * shrink) - (rate * m[k] * correction1 / (MathF.Sqrt(v[k] * correction2) + _epsilon));
        }
    }
}
