namespace Tersor.Quantization;

/// <summary>The distinct values of a set in increasing order, with running sums that give mean and squared error of any stretch of them at once.</summary>
internal sealed class SortedPoints
{
    // Sums over the points before i: of multiplicity, importance, importance * value, importance * value^2.
    private readonly long[] _multiplicity;
    private readonly double[] _weight;
    private readonly double[] _first;
    private readonly double[] _second;
    private readonly double[] _values;

    public SortedPoints(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, CancellationToken cancellationToken)
    {
        float[] sorted = values.ToArray();
        float[] factors = importance.ToArray();
        RadixSort.Sort(sorted, factors, cancellationToken);

        int distinct = 0;
        for (int i = 0; i < sorted.Length; i++) distinct += i == 0 || sorted[i] != sorted[i - 1] ? 1 : 0;
        _values = new double[distinct];
        _multiplicity = new long[distinct + 1];
        _weight = new double[distinct + 1];
        _first = new double[distinct + 1];
        _second = new double[distinct + 1];
        int at = -1;
        for (int i = 0; i < sorted.Length; i++)
        {
            if (i == 0 || sorted[i] != sorted[i - 1])
            {
                at++;
                _values[at] = sorted[i];
                (_multiplicity[at + 1], _weight[at + 1], _first[at + 1], _second[at + 1]) = (_multiplicity[at], _weight[at], _first[at], _second[at]);
            }

            double factor = factors.Length == 0 ? 1 : factors[i];
            double value = sorted[i];
            _multiplicity[at + 1]++;
            _weight[at + 1] += factor;
            _first[at + 1] += factor * value;
            _second[at + 1] += factor * value * value;
        }
    }

    /// <summary>Distinct values, increasing.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>Number of distinct values.</summary>
    public int Count => _values.Length;

    /// <summary>Number of values with repetitions.</summary>
    public long TotalMultiplicity => _multiplicity[^1];

    /// <summary>How often point <paramref name="i"/> occurs.</summary>
    public long Multiplicity(int i) => _multiplicity[i + 1] - _multiplicity[i];

    /// <summary>Importance of all occurrences of point <paramref name="i"/>.</summary>
    public double Importance(int i) => _weight[i + 1] - _weight[i];

    /// <summary>How many points do not exceed <paramref name="limit"/>.</summary>
    public int CountUpTo(double limit)
    {
        int low = 0;
        int high = _values.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_values[middle] <= limit) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Mean of the points from <paramref name="start"/> up to <paramref name="end"/>, by importance; <paramref name="otherwise"/> where that is 0.</summary>
    public double Mean(int start, int end, double otherwise)
    {
        double weight = _weight[end] - _weight[start];
        return weight > 0 ? (_first[end] - _first[start]) / weight : otherwise;
    }

    /// <summary>Squared error of the points from <paramref name="start"/> up to <paramref name="end"/> about their mean.</summary>
    public double SquaredError(int start, int end)
    {
        double weight = _weight[end] - _weight[start];
        if (!(weight > 0)) return 0;
        double first = _first[end] - _first[start];
        return Math.Max(0, _second[end] - _second[start] - (first * first / weight));
    }
}
