using Tersor.Engine.Training;
using Tersor.Measures;

namespace Tersor.Compression.Levels;

/// <summary>
/// The levels of a layer at a price of a bit: steps and choices that follow one another, as in Lloyd's method with a cost for bits (Chou, Lookabaugh, Gray, Entropy-constrained vector quantization, 1989), from one beginning, so that
/// they depend on weights and price alone.
/// </summary>
internal sealed class LayerLevels
{
    // Shares, step and choices hardly move after so many rounds.
    private const int Rounds = 8;

    // A level that nothing chose counts as half a weight, so that it can come back.
    private const double LeastCount = 0.5;

    private readonly FakeQuantizedParameter _weight;
    private readonly float[] _sorted;
    private readonly double[] _sums;
    private readonly long[] _counts;
    private readonly double[] _costs;
    private int _length;
    private float _firstStep;
    private float _step;
    private LevelThresholds? _thresholds;

    public LayerLevels(FakeQuantizedParameter weight)
    {
        _weight = weight;
        _sorted = new float[weight.Stored[0].Values.Length];
        _sums = new double[_sorted.Length + 1];
        _counts = new long[weight.LevelCount];
        _costs = new double[weight.LevelCount];
    }

    /// <summary>Elements, those held at zero among them.</summary>
    public int Elements => _sorted.Length;

    /// <summary>Of the weights that were read.</summary>
    public double SumOfSquares { get; private set; }

    /// <summary>Looks at the weights as they are now.</summary>
    public void Read()
    {
        _length = _weight.CopyKept(_sorted);
        _sorted.AsSpan(0, _length).Sort();
        (double squares, double magnitudes) = (0, 0);
        for (int i = 0; i < _length; i++)
        {
            double value = _sorted[i];
            _sums[i + 1] = _sums[i] + value;
            squares += value * value;
            magnitudes += Math.Abs(value);
        }

        SumOfSquares = squares;
        _firstStep = FakeQuantizedParameter.FirstStep(magnitudes / Math.Max(1, _length), _weight.LevelCount);
    }

    /// <summary>Bits of all levels together at a price, which is put on bits that follow from the shares at that price.</summary>
    /// <param name="price">Of a bit, in squared weights; 0 for rounding, to the step of the least squared error.</param>
    public double BitsAt(double price)
    {
        _step = _firstStep;
        Array.Clear(_costs);
        for (int round = 0; ; round++)
        {
            _thresholds = LevelThresholds.Cheapest(_weight.LowestLevel, _costs);
            float fitted = Count(_thresholds);
            if (round == Rounds) return OrderZeroEntropy.BitsOf(_counts);
            _step = fitted;
            double bitCost = price / ((double)_step * _step);
            for (int i = 0; i < _costs.Length; i++) _costs[i] = bitCost * Math.Log2(Elements / Math.Max(LeastCount, _counts[i]));
        }
    }

    /// <summary>Lets the weight choose its levels at the price that was asked about last.</summary>
    public void Choose() => _weight.ChooseBy(_thresholds!, _step);

    // Counts the levels, and gives the step that suits those who chose them best.
    private float Count(LevelThresholds thresholds)
    {
        (double products, double squares) = (0, 0);
        int begin = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            int end = i == thresholds.Values.Length ? _length : FirstFrom(begin, thresholds.Values[i]);
            double level = _weight.LowestLevel + i;
            _counts[i] = end - begin;
            products += level * (_sums[end] - _sums[begin]);
            squares += level * level * (end - begin);
            begin = end;
        }

        _counts[-_weight.LowestLevel] += Elements - _length;
        return products > 0 ? (float)(products / squares) : _step;
    }

    // The first weight from an index on that lies at or above a threshold.
    private int FirstFrom(int begin, float threshold)
    {
        int low = begin;
        int high = _length;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (_sorted[middle] / _step >= threshold) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
