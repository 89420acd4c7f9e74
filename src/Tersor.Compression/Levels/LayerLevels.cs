using Tersor.Engine.Training;
using Tersor.Measures;

namespace Tersor.Compression.Levels;

/// <summary>
/// The levels of a layer at a price of a bit: shares and choices that follow one another, as in Lloyd's method with a cost for bits (Chou, Lookabaugh, Gray, Entropy-constrained vector quantization, 1989), from rounding on, so that
/// they depend on weights, step and price alone. The step follows the choices, but only when it is asked to, and to what is near: several steps may do about as well, some half as wide as others, and normalizations behind a layer
/// cannot follow one that goes back and forth between them.
/// </summary>
internal sealed class LayerLevels
{
    // Shares, step and choices hardly move after so many rounds.
    private const int Rounds = 8;

    // A level that nothing chose counts as half a weight, so that it can come back.
    private const double LeastCount = 0.5;

    // Steps to begin with: from a quarter of what suits a normal distribution to three times that.
    private const int Beginnings = 8;
    private const int BeginningsBelow = 4;

    // How far a step looks for a better one that no choice asks for: finer, where bits have become cheap.
    private const float LittleMore = 1.02f;

    private readonly FakeQuantizedParameter _weight;
    private readonly float[] _sorted;
    private readonly double[] _sums;
    private readonly long[] _counts;
    private readonly double[] _costs;
    private int _length;
    private float _step;
    private double _products;
    private double _squares;
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

    /// <summary>Looks at the weights and their step as they are now.</summary>
    public void Read()
    {
        _length = _weight.CopyKept(_sorted);
        _sorted.AsSpan(0, _length).Sort();
        double squares = 0;
        for (int i = 0; i < _length; i++)
        {
            double value = _sorted[i];
            _sums[i + 1] = _sums[i] + value;
            squares += value * value;
        }

        SumOfSquares = squares;
        _step = _weight.Step;
    }

    /// <summary>Takes the step of the least squared error under rounding, wherever it is.</summary>
    public void FindStep()
    {
        if (SumOfSquares == 0) return;
        (float best, double least) = (_step, double.PositiveInfinity);
        double usual = 2 * Math.Sqrt(SumOfSquares / _length) / Math.Sqrt((_counts.Length / 2) - 1);
        for (int i = 0; i < Beginnings; i++)
        {
            Array.Clear(_costs);
            _step = (float)(usual * Math.Pow(2, (i - BeginningsBelow) / 2.0));
            for (int round = 0; round < Rounds; round++)
            {
                Count();
                Fit();
            }

            double error = CostAt(0);
            if (error < least) (best, least) = (_step, error);
        }

        _step = best;
    }

    /// <summary>Takes the step of the least squared error and price of bits among the one that is, the one that suits those best who chose levels at that price, and those a little to either side.</summary>
    /// <param name="price">Of a bit, in squared weights; 0 for the squared error alone.</param>
    public void MoveStep(double price)
    {
        (float best, double least) = (_step, CostAt(price));
        Fit();
        foreach (float step in (ReadOnlySpan<float>)[_step, best * LittleMore, best / LittleMore])
        {
            _step = step;
            double cost = CostAt(price);
            if (cost < least) (best, least) = (step, cost);
        }

        _step = best;
    }

    /// <summary>Bits of all levels together at a price and the step as it is.</summary>
    /// <param name="price">Of a bit, in squared weights; 0 for rounding.</param>
    public double BitsAt(double price)
    {
        Array.Clear(_costs);
        for (int round = 0; ; round++)
        {
            Count();
            if (round == Rounds) return OrderZeroEntropy.BitsOf(_counts);
            double bitCost = price / ((double)_step * _step);
            for (int i = 0; i < _costs.Length; i++) _costs[i] = bitCost * Math.Log2(Elements / Math.Max(LeastCount, _counts[i]));
        }
    }

    /// <summary>Lets the weight choose its levels at the step as it is and the price that was asked about last.</summary>
    public void Choose() => _weight.ChooseBy(_thresholds!, _step);

    private double CostAt(double price)
    {
        double bits = BitsAt(price);
        return SumOfSquares - (2 * _step * _products) + ((double)_step * _step * _squares) + (price * bits);
    }

    // The step that suits the choices as they were counted last.
    private void Fit()
    {
        if (_products > 0) _step = (float)(_products / _squares);
    }

    // Counts the cheapest levels, and sums what they are times the weights that choose them, and their squares.
    private void Count()
    {
        LevelThresholds thresholds = _thresholds = LevelThresholds.Cheapest(_weight.LowestLevel, _costs);
        (_products, _squares) = (0, 0);
        int begin = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            int end = i == thresholds.Values.Length ? _length : FirstFrom(begin, thresholds.Values[i]);
            double level = _weight.LowestLevel + i;
            _counts[i] = end - begin;
            _products += level * (_sums[end] - _sums[begin]);
            _squares += level * level * (end - begin);
            begin = end;
        }

        _counts[-_weight.LowestLevel] += Elements - _length;
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
