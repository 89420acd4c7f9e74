using System.Numerics.Tensors;

namespace Tersor.Engine.Training;

/// <summary>
/// Divergence of the softened outputs from softened targets, <c>T^2 sum_c p_c (log p_c - log q_c)</c> with <c>p = softmax(target / T)</c> and
/// <c>q = softmax(x / T)</c> (Hinton, Vinyals, Dean 2015); the factor keeps gradients of one size for any temperature.
/// </summary>
public sealed class KullbackLeiblerLoss : Loss
{
    private readonly float _temperature;

    /// <summary>Takes the temperature, above 0.</summary>
    public KullbackLeiblerLoss(float temperature = 1)
    {
        if (temperature is not > 0) throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "A temperature is above 0.");
        _temperature = temperature;
    }

    /// <inheritdoc/>
    public override bool UsesLabels => false;

    /// <inheritdoc/>
    public override bool TakesLogits => true;

    /// <inheritdoc/>
    public override double Compute(ReadOnlySpan<float> outputs, int samples, LossTargets targets, Span<float> gradient)
    {
        int classes = outputs.Length / samples;
        double total = 0;
        for (int i = 0; i < samples; i++)
        {
            ReadOnlySpan<float> x = outputs.Slice(i * classes, classes);
            ReadOnlySpan<float> t = targets.Values.Slice(i * classes, classes);
            double logQ = LogSum(x);
            double logP = LogSum(t);
            for (int c = 0; c < classes; c++)
            {
                double lq = (x[c] / _temperature) - logQ;
                double lp = (t[c] / _temperature) - logP;
                double p = Math.Exp(lp);
                total += p * (lp - lq);
                gradient[(i * classes) + c] = (float)((Math.Exp(lq) - p) * _temperature / samples);
            }
        }

        return total * _temperature * _temperature / samples;
    }

    private double LogSum(ReadOnlySpan<float> row)
    {
        double largest = TensorPrimitives.Max(row) / _temperature;
        double sum = 0;
        foreach (float value in row) sum += Math.Exp((value / _temperature) - largest);
        return largest + Math.Log(sum);
    }
}
