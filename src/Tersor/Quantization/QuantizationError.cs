using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Quantization;

/// <summary>
/// How far reconstructed values lie from the originals. Sums are taken in binary64 over eight interleaved lanes that are joined in a written order, so
/// the figures are the same on every machine. Results of several tensors add up with <c>+</c>.
/// </summary>
/// <param name="Count">Number of values compared.</param>
/// <param name="SquaredError">Sum of (original - reconstructed)^2.</param>
/// <param name="SquaredSignal">Sum of original^2.</param>
/// <param name="MaxAbsError">Largest |original - reconstructed|.</param>
/// <remarks>
/// A NaN or infinity that came back bit for bit is no error and adds nothing to either sum; one that did not makes <see cref="SquaredError"/> and
/// <see cref="MaxAbsError"/> infinite.
/// </remarks>
public readonly record struct QuantizationError(long Count, double SquaredError, double SquaredSignal, double MaxAbsError)
{
    private const int LaneCount = 8;

    /// <summary>Mean squared error; 0 for no values.</summary>
    public double MeanSquaredError => Count == 0 ? 0 : SquaredError / Count;

    /// <summary>Signal-to-quantization-noise ratio in decibels; positive infinity where nothing was lost.</summary>
    public double SqnrDb => SquaredError == 0 ? double.PositiveInfinity : 10 * Math.Log10(SquaredSignal / SquaredError);

    /// <summary>The figures of two sets of values taken together.</summary>
    public static QuantizationError operator +(QuantizationError left, QuantizationError right) => new(
        left.Count + right.Count,
        left.SquaredError + right.SquaredError,
        left.SquaredSignal + right.SquaredSignal,
        Math.Max(left.MaxAbsError, right.MaxAbsError));

    /// <summary>The figures of two sets of values taken together.</summary>
    public static QuantizationError Add(QuantizationError left, QuantizationError right) => left + right;

    /// <summary>Compares values with what they were reconstructed to.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static QuantizationError Between(ReadOnlySpan<float> original, ReadOnlySpan<float> reconstructed)
    {
        UniformQuantizer.RequireSameLength(original.Length, reconstructed.Length, nameof(reconstructed));
        Sums sums = default;
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= original.Length - LaneCount; i += LaneCount)
            {
                if (!sums.TryAddVector(Vector256.Create(original[i..]), Vector256.Create(reconstructed[i..])))
                    sums.AddScalar(original.Slice(i, LaneCount), reconstructed.Slice(i, LaneCount));
            }
        }

        sums.AddScalar(original[i..], reconstructed[i..]);
        return sums.Join(original.Length);
    }

    /// <summary>Compares values with level * step, as <see cref="UniformQuantizer.Dequantize"/> makes them, without storing the latter.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static QuantizationError OfLevels(ReadOnlySpan<float> original, ReadOnlySpan<int> levels, double step)
    {
        UniformQuantizer.RequireSameLength(original.Length, levels.Length, nameof(levels));
        Sums sums = default;
        Span<float> values = stackalloc float[512];
        for (int i = 0; i < original.Length; i += values.Length)
        {
            Span<float> piece = values[..Math.Min(values.Length, original.Length - i)];
            UniformQuantizer.Dequantize(levels.Slice(i, piece.Length), step, piece);
            int j = 0;
            for (; Vector256.IsHardwareAccelerated && j <= piece.Length - LaneCount; j += LaneCount)
            {
                if (!sums.TryAddVector(Vector256.Create(original[(i + j)..]), Vector256.Create(piece[j..])))
                    sums.AddScalar(original.Slice(i + j, LaneCount), piece.Slice(j, LaneCount));
            }

            sums.AddScalar(original.Slice(i + j, piece.Length - j), piece[j..]);
        }

        return sums.Join(original.Length);
    }

    /// <summary>The scalar twin of <see cref="Between"/>.</summary>
    internal static QuantizationError BetweenScalar(ReadOnlySpan<float> original, ReadOnlySpan<float> reconstructed)
    {
        Sums sums = default;
        sums.AddScalar(original, reconstructed);
        return sums.Join(original.Length);
    }

    // Value i of the tensor goes to lane i mod 8; callers add whole groups of eight before the rest.
    private struct Sums
    {
        private Vector512<double> _error;
        private Vector512<double> _signal;
        private Vector512<double> _largest;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool TryAddVector(Vector256<float> original, Vector256<float> reconstructed)
        {
            // x - x is 0 for finite x and NaN otherwise.
            if (!Vector256.EqualsAll((original - original) + (reconstructed - reconstructed), Vector256<float>.Zero)) return false;
            (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(original);
            Vector512<double> x = Vector512.Create(lower, upper);
            (lower, upper) = Vector256.Widen(reconstructed);
            Vector512<double> difference = x - Vector512.Create(lower, upper);
            _error += difference * difference;
            _signal += x * x;
            _largest = Vector512.Max(_largest, Vector512.Abs(difference));
            return true;
        }

        public void AddScalar(ReadOnlySpan<float> original, ReadOnlySpan<float> reconstructed)
        {
            for (int i = 0; i < original.Length; i++)
            {
                int lane = i % LaneCount;
                double x = original[i];
                double difference = x - reconstructed[i];
                if (!double.IsFinite(difference))
                {
                    if (BitConverter.SingleToInt32Bits(original[i]) == BitConverter.SingleToInt32Bits(reconstructed[i])) continue;
                    difference = double.PositiveInfinity;
                    x = double.IsFinite(x) ? x : 0;
                }

                _error = _error.WithElement(lane, _error[lane] + (difference * difference));
                _signal = _signal.WithElement(lane, _signal[lane] + (x * x));
                _largest = _largest.WithElement(lane, Math.Max(_largest[lane], Math.Abs(difference)));
            }
        }

        public readonly QuantizationError Join(long count)
        {
            double error = 0;
            double signal = 0;
            double largest = 0;
            for (int lane = 0; lane < LaneCount; lane++)
            {
                error += _error[lane];
                signal += _signal[lane];
                largest = Math.Max(largest, _largest[lane]);
            }

            return new(count, error, signal, largest);
        }
    }
}
