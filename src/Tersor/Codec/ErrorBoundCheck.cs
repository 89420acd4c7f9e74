using Tersor.Measures;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Codec;

/// <summary>
/// What a bound allows each value of a tensor, and whether decoded values keep to it. They are compared in binary64: a difference of binary32 numbers
/// would round the excess away.
/// </summary>
/// <param name="constant">Error that every value may have.</param>
/// <param name="share">Error in proportion to the magnitude of the value, on top.</param>
internal sealed class ErrorBoundCheck(double constant, double share)
{
    /// <summary>The largest less the least value; 0 for a tensor without elements.</summary>
    public static double RangeOf(Tensor tensor, CancellationToken cancellationToken)
    {
        double least = double.PositiveInfinity;
        double largest = double.NegativeInfinity;
        ElementReader reader = new(tensor, cancellationToken);
        while (reader.TryRead(out ReadOnlySpan<double> values, out _))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (double value in values)
            {
                least = Math.Min(least, value);
                largest = Math.Max(largest, value);
            }
        }

        return tensor.ElementCount == 0 ? 0 : largest - least;
    }

    /// <summary>Whether every value comes back within what is allowed, as binary32 and as the element type of the source holds it.</summary>
    /// <param name="source">The tensor, of a type that can be quantized.</param>
    /// <param name="decoded">What the decoder makes of it, one value per element.</param>
    /// <param name="cancellationToken">Checked every few thousand values.</param>
    public bool Holds(Tensor source, ReadOnlySpan<float> decoded, CancellationToken cancellationToken)
    {
        ElementReader reader = new(source, cancellationToken);
        while (reader.TryRead(out ReadOnlySpan<double> values, out _))
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int i = 0; i < values.Length; i++)
            {
                double allowed = constant + (share * Math.Abs(values[i]));

                // NaN compares as false.
                if (!(Math.Abs(values[i] - decoded[i]) <= allowed && Math.Abs(values[i] - ConvertedSource.Round(decoded[i], source.ElementType)) <= allowed)) return false;
            }

            decoded = decoded[values.Length..];
        }

        return true;
    }
}
