using System.Numerics.Tensors;

namespace Tersor.Engine.Kernels;

/// <summary>Rows brought to mean 0 and variance 1, and the gradient: the heart of layer, instance and group normalization.</summary>
internal static class RowNormalization
{
    /// <summary>Normalizes each row of <paramref name="length"/> values; <paramref name="inverseDeviations"/> has one value per row.</summary>
    public static void Forward(ReadOnlySpan<float> x, int length, float epsilon, Span<float> normalized, Span<float> means, Span<float> inverseDeviations)
    {
        for (int row = 0; row < inverseDeviations.Length; row++)
        {
            ReadOnlySpan<float> from = x.Slice(row * length, length);
            Span<float> to = normalized.Slice(row * length, length);
            float mean = TensorPrimitives.Sum(from) / length;
            TensorPrimitives.Subtract(from, mean, to);
            float inverse = 1 / MathF.Sqrt((TensorPrimitives.SumOfSquares<float>(to) / length) + epsilon);
            TensorPrimitives.Multiply(to, inverse, to);
            means[row] = mean;
            inverseDeviations[row] = inverse;
        }
    }

    /// <summary>Turns the gradient of the normalized values into that of the input, in place.</summary>
    public static void Backward(ReadOnlySpan<float> normalized, int length, ReadOnlySpan<float> inverseDeviations, Span<float> gradient)
    {
        for (int row = 0; row < inverseDeviations.Length; row++)
        {
            ReadOnlySpan<float> xhat = normalized.Slice(row * length, length);
            Span<float> g = gradient.Slice(row * length, length);
            float mean = TensorPrimitives.Sum<float>(g) / length;
            float along = TensorPrimitives.Dot(xhat, g) / length;
            float inverse = inverseDeviations[row];
            for (int i = 0; i < g.Length; i++) g[i] = inverse * (g[i] - mean - (xhat[i] * along));
        }
    }
}
