using Tersor.Models;

namespace Tersor.Measures;

/// <summary>
/// How the values of a tensor are distributed. Everything but the counts of non-finite values is over the finite ones; sums run in element order, so the
/// numbers are the same on every machine.
/// </summary>
public sealed record ValueDistribution
{
    /// <summary>Bins of <see cref="Histogram"/>.</summary>
    public const int BinCount = 256;

    /// <summary>Distinct values are counted up to this many.</summary>
    public const int MaxDistinctCount = 1 << 16;

    /// <summary>Number of values, non-finite ones included.</summary>
    public required long Count { get; init; }

    /// <summary>Values that are not a number.</summary>
    public required long NaNCount { get; init; }

    /// <summary>Values that are plus or minus infinity.</summary>
    public required long InfinityCount { get; init; }

    /// <summary>Values that are zero, of either sign.</summary>
    public required long ZeroCount { get; init; }

    /// <summary>Smallest value; NaN where none is finite.</summary>
    public required double Minimum { get; init; }

    /// <summary>Largest value; NaN where none is finite.</summary>
    public required double Maximum { get; init; }

    /// <summary>Arithmetic mean; NaN where no value is finite.</summary>
    public required double Mean { get; init; }

    /// <summary>Standard deviation of the population, not of a sample; NaN where no value is finite.</summary>
    public required double StandardDeviation { get; init; }

    /// <summary>Number of different values (the two zeros are one); null where more than <see cref="MaxDistinctCount"/>.</summary>
    public required int? DistinctCount { get; init; }

    /// <summary>Finite values per bin: <see cref="BinCount"/> equal intervals from minimum to maximum, the last one closed.</summary>
    public required IReadOnlyList<long> Histogram { get; init; }

    /// <summary>Entropy, in bits per value, of the finite values quantized on the bins of <see cref="Histogram"/>; 0..8.</summary>
    public required double EntropyBits { get; init; }

    /// <summary>Share of values that are zero; 0 for an empty tensor.</summary>
    public double Sparsity => Count == 0 ? 0 : (double)ZeroCount / Count;

    /// <summary>Measures a tensor in two passes that hold one block (all of one whose data cannot be read in parts).</summary>
    /// <param name="tensor">Any numeric element type; the parts of complex numbers count as values of their own.</param>
    /// <param name="advance">Called after each block of each pass with its number of values.</param>
    /// <param name="cancellationToken">Looked at before each block.</param>
    /// <exception cref="ArgumentException">The elements are text.</exception>
    /// <exception cref="ModelFormatException">The file ends early or its data is damaged.</exception>
    public static ValueDistribution Measure(Tensor tensor, Action<int>? advance = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        (long nan, long infinite, long zero, long finite, double sum) = (0, 0, 0, 0, 0);
        (double minimum, double maximum) = (double.PositiveInfinity, double.NegativeInfinity);
        HashSet<double>? distinct = [];
        ElementReader reader = new(tensor, cancellationToken);
        while (reader.TryRead(out ReadOnlySpan<double> values, out _))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (double value in values)
            {
                if (!double.IsFinite(value))
                {
                    if (double.IsNaN(value)) nan++;
                    else infinite++;
                    continue;
                }

                finite++;
                if (value == 0) zero++;
                sum += value;
                minimum = Math.Min(minimum, value);
                maximum = Math.Max(maximum, value);
                if (distinct is not null && distinct.Add(value) && distinct.Count > MaxDistinctCount) distinct = null;
            }

            advance?.Invoke(values.Length);
        }

        double mean = finite == 0 ? double.NaN : sum / finite;
        long[] histogram = new long[BinCount];
        double squares = Spread(tensor, mean, minimum, maximum, histogram, advance, cancellationToken);
        return new ValueDistribution
        {
            Count = reader.ValueCount,
            NaNCount = nan,
            InfinityCount = infinite,
            ZeroCount = zero,
            Minimum = finite == 0 ? double.NaN : minimum,
            Maximum = finite == 0 ? double.NaN : maximum,
            Mean = mean,
            StandardDeviation = finite == 0 ? double.NaN : Math.Sqrt(squares / finite),
            DistinctCount = distinct?.Count,
            Histogram = histogram,
            EntropyBits = finite == 0 ? 0 : OrderZeroEntropy.BitsOf(histogram) / finite,
        };
    }

    // Fills the histogram; returns the sum of squared distances to the mean.
    private static double Spread(
        Tensor tensor, double mean, double minimum, double maximum, long[] histogram, Action<int>? advance, CancellationToken cancellationToken)
    {
        // Halved first: the range of binary64 values near the limits would overflow.
        double halfRange = (maximum / 2) - (minimum / 2);
        double squares = 0;
        ElementReader reader = new(tensor, cancellationToken);
        while (reader.TryRead(out ReadOnlySpan<double> values, out _))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (double value in values)
            {
                if (!double.IsFinite(value)) continue;
                int bin = halfRange > 0 ? (int)(((value / 2) - (minimum / 2)) / halfRange * BinCount) : 0;
                histogram[Math.Min(bin, BinCount - 1)]++;
                double distance = value - mean;
                squares += distance * distance;
            }

            advance?.Invoke(values.Length);
        }

        return squares;
    }
}
