namespace Tersor.Quantization.Prediction;

/// <summary>What stands for a weight once it is predicted: made from its weight by the encoder, from its level by the decoder.</summary>
internal interface IPredictedValue
{
    /// <summary>The decoded value, from which others are predicted.</summary>
    /// <param name="index">Row-major.</param>
    /// <param name="prediction">What the values before say.</param>
    float Make(int index, double prediction);
}

/// <summary>The decoder's: binary32(prediction + step * level), the sum in binary64.</summary>
internal readonly ref struct RestoredValue(ReadOnlySpan<int> levels, double step) : IPredictedValue
{
    private readonly ReadOnlySpan<int> _levels = levels;

    /// <inheritdoc/>
    public float Make(int index, double prediction) => (float)(prediction + (step * _levels[index]));
}

/// <summary>The encoder's: finds the level nearest to zero within reach; NaN where there is none.</summary>
internal readonly ref struct QuantizedValue(ReadOnlySpan<float> weights, double step, double reach, Span<int> levels) : IPredictedValue
{
    private readonly ReadOnlySpan<float> _weights = weights;
    private readonly Span<int> _levels = levels;

    /// <inheritdoc/>
    public float Make(int index, double prediction)
    {
        if (!ErrorBoundedQuantizer.TryFindLevel(_weights[index] - prediction, step, reach, out _levels[index])) return float.NaN;
        return (float)(prediction + (step * _levels[index]));
    }
}
