using System.Numerics.Tensors;
using Tersor.Models;

namespace Tersor.Compression.Sensitivity;

/// <summary>Fisher information of the weights of one tensor.</summary>
public sealed class TensorFisher
{
    private readonly float[] _values;

    internal TensorFisher(string name, TensorShape shape, float[] values)
    {
        Name = name;
        Shape = shape;
        _values = values;
        foreach (float value in values) Sum += value;
    }

    /// <summary>Name of the tensor.</summary>
    public string Name { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public TensorShape Shape { get; }

    /// <summary>One value per weight, row-major; never negative.</summary>
    public IReadOnlyList<float> Values => _values;

    /// <summary>Sum over the weights.</summary>
    public double Sum { get; }

    /// <summary>Mean over the weights; 0 for an empty tensor.</summary>
    public double Mean => _values.Length == 0 ? 0 : Sum / _values.Length;

    /// <summary>Largest value of a weight.</summary>
    public double Maximum => _values.Length == 0 ? 0 : TensorPrimitives.Max<float>(_values);

    /// <summary>The values without a copy.</summary>
    public ReadOnlySpan<float> AsSpan() => _values;

    /// <summary>The values without a copy, to keep.</summary>
    public ReadOnlyMemory<float> AsMemory() => _values;

    /// <summary>Sums over the weights of each index of the first dimension: an output channel of Conv, and of Gemm with transB.</summary>
    public double[] ChannelSums()
    {
        int channels = Shape.Rank == 0 ? 1 : (int)Shape[0];
        double[] sums = new double[channels];
        int length = channels == 0 ? 0 : _values.Length / channels;
        for (int channel = 0; channel < channels; channel++)
        {
            foreach (float value in _values.AsSpan(channel * length, length)) sums[channel] += value;
        }

        return sums;
    }

    /// <summary>The divergence in nats expected of rounding to multiples of a step: errors are even over the step, of variance <c>step^2 / 12</c>.</summary>
    public double RoundingDivergence(double step) => Sum * step * step / 24;

    /// <summary>Half the sum of <c>F (a - b)^2</c>: the divergence in nats that moving the weights from one set of values to another is expected to cost.</summary>
    /// <exception cref="ArgumentException">A length is not that of the tensor.</exception>
    public double Divergence(ReadOnlySpan<float> original, ReadOnlySpan<float> changed)
    {
        if (original.Length != _values.Length || changed.Length != _values.Length)
            throw new ArgumentException($"'{Name}' has {_values.Length} weights; {original.Length} and {changed.Length} values were given.", nameof(changed));
        double sum = 0;
        for (int i = 0; i < _values.Length; i++)
        {
            double difference = (double)original[i] - changed[i];
            sum += _values[i] * difference * difference;
        }

        return sum / 2;
    }
}
