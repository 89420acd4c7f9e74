using System.Numerics.Tensors;

namespace Tersor.Engine.Training;

/// <summary>
/// Cross-entropy of the softmax of the outputs: <c>-sum_c t_c log softmax(x)_c</c> with <c>t</c> one for the class and zero elsewhere, or with label smoothing
/// <c>e</c>, <c>1 - e + e / C</c> and <c>e / C</c>.
/// </summary>
public sealed class CrossEntropyLoss : Loss
{
    private readonly float _smoothing;

    /// <summary>Takes the smoothing: 0 up to, not including, 1.</summary>
    public CrossEntropyLoss(float labelSmoothing = 0)
    {
        if (labelSmoothing is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, "0 up to 1 is possible.");
        _smoothing = labelSmoothing;
    }

    /// <inheritdoc/>
    public override bool UsesLabels => true;

    /// <inheritdoc/>
    public override bool TakesLogits => true;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">A label is not below the number of outputs.</exception>
    public override double Compute(ReadOnlySpan<float> outputs, int samples, LossTargets targets, Span<float> gradient)
    {
        int classes = outputs.Length / samples;
        double total = 0;
        for (int i = 0; i < samples; i++)
        {
            ReadOnlySpan<float> row = outputs.Slice(i * classes, classes);
            Span<float> g = gradient.Slice(i * classes, classes);
            int label = targets.Labels[i];
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)label, (uint)classes, nameof(targets));
            float largest = TensorPrimitives.Max(row);
            double sum = 0;
            double mean = 0;
            for (int c = 0; c < classes; c++)
            {
                float e = MathF.Exp(row[c] - largest);
                g[c] = e;
                sum += e;
                mean += row[c] - largest;
            }

            double logSum = Math.Log(sum);
            mean /= classes;
            total += logSum - ((1 - _smoothing) * (row[label] - largest)) - (_smoothing * mean);
            float scale = (float)(1 / (sum * samples));
            float shift = _smoothing / (classes * (float)samples);
            for (int c = 0; c < classes; c++) g[c] = (g[c] * scale) - shift;
            g[label] -= (1 - _smoothing) / samples;
        }

        return total / samples;
    }
}
