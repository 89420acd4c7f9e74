using System.Numerics;
using System.Runtime.InteropServices;

namespace Tersor.Engine.Training;

/// <summary>
/// Stochastic gradient descent: <c>g += decay * w; v = momentum * v + g; w -= rate * v</c>, or with Nesterov's lookahead <c>w -= rate * (g + momentum * v)</c>.
/// </summary>
public sealed class SgdOptimizer : Optimizer
{
    private readonly float _momentum;
    private readonly float _weightDecay;
    private readonly bool _nesterov;

    /// <summary>Takes the settings.</summary>
    /// <param name="momentum">0 up to, not including, 1.</param>
    /// <param name="weightDecay">0 or more; for tensors that decay.</param>
    /// <param name="nesterov">Whether to look ahead.</param>
    public SgdOptimizer(float momentum = 0.9f, float weightDecay = 0, bool nesterov = false)
    {
        if (momentum is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "0 up to 1 is possible.");
        if (weightDecay is not >= 0) throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "0 or more is possible.");
        (_momentum, _weightDecay, _nesterov) = (momentum, weightDecay, nesterov);
    }

    /// <inheritdoc/>
    protected internal override int ArraysPerTensor => _momentum > 0 ? 1 : 0;

    /// <inheritdoc/>
    protected override void Update(TrainedTensor tensor, float[][] memory, float rate)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(memory);
        float decay = tensor.DecaysWeights ? _weightDecay : 0;
        float[] w = tensor.Values;
        float[] g = tensor.Gradient;
        if (memory.Length == 0)
        {
            for (int k = 0; k < w.Length; k++) w[k] -= rate * (g[k] + (decay * w[k]));
            return;
        }

        float[] v = memory[0];
        Span<Vector<float>> wv = MemoryMarshal.Cast<float, Vector<float>>(w.AsSpan());
        Span<Vector<float>> gv = MemoryMarshal.Cast<float, Vector<float>>(g.AsSpan());
        Span<Vector<float>> vv = MemoryMarshal.Cast<float, Vector<float>>(v.AsSpan());
        for (int k = 0; k < wv.Length; k++)
        {
            Vector<float> slope = gv[k] + (wv[k] * decay);
            vv[k] = (vv[k] * _momentum) + slope;
            wv[k] -= (_nesterov ? slope + (vv[k] * _momentum) : vv[k]) * rate;
        }

        for (int k = wv.Length * Vector<float>.Count; k < w.Length; k++)
        {
            float slope = g[k] + (decay * w[k]);
            v[k] = (_momentum * v[k]) + slope;
            w[k] -= rate * (_nesterov ? slope + (_momentum * v[k]) : v[k]);
        }
    }
}
