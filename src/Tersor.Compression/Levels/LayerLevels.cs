using Tersor.Engine.Training;

namespace Tersor.Compression.Levels;

/// <summary>How often each level of a layer would be chosen at different prices of a bit, and what all of them would cost.</summary>
internal sealed class LayerLevels
{
    // Shares follow prices, and prices shares: after three rounds they hardly move.
    private const int Rounds = 3;

    // A level that nothing chose counts as half a weight, so that it can come back.
    private const double LeastCount = 0.5;

    private readonly FakeQuantizedParameter _weight;
    private readonly float[] _places;
    private readonly long[] _rounded;
    private readonly long[] _counts;
    private readonly double[] _costs;
    private int _length;
    private LevelThresholds? _thresholds;

    public LayerLevels(FakeQuantizedParameter weight)
    {
        _weight = weight;
        _places = new float[weight.Stored[0].Values.Length];
        _rounded = new long[weight.LevelCount];
        _counts = new long[weight.LevelCount];
        _costs = new double[weight.LevelCount];
    }

    /// <summary>Elements, those held at zero among them.</summary>
    public int Elements => _places.Length;

    /// <summary>Looks where the weights are now.</summary>
    public void Read()
    {
        _length = _weight.CopyPlaces(_places);
        _places.AsSpan(0, _length).Sort();
        Array.Clear(_costs);
        Count(LevelThresholds.Cheapest(_weight.LowestLevel, _costs), _rounded);
    }

    /// <summary>Bits of all levels together at a price, which is put on bits that follow from the shares at that price.</summary>
    /// <param name="price">Of a bit, in squared steps; 0 for rounding.</param>
    public double BitsAt(double price)
    {
        _thresholds = null;
        _rounded.CopyTo(_counts, 0);
        for (int round = 0; price > 0 && round < Rounds; round++)
        {
            for (int i = 0; i < _costs.Length; i++) _costs[i] = price * Math.Log2(Elements / Math.Max(LeastCount, _counts[i]));
            _thresholds = LevelThresholds.Cheapest(_weight.LowestLevel, _costs);
            Count(_thresholds, _counts);
        }

        return LevelEntropy.BitsOf(_counts);
    }

    /// <summary>Lets the weight choose its levels at the price that was asked about last.</summary>
    public void Choose() => _weight.Thresholds = _thresholds;

    private void Count(LevelThresholds thresholds, long[] counts)
    {
        ReadOnlySpan<float> places = _places.AsSpan(0, _length);
        int begin = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            int end = i == thresholds.Values.Length ? places.Length : begin + CountBelow(places[begin..], thresholds.Values[i]);
            counts[i] = end - begin;
            begin = end;
        }

        counts[-_weight.LowestLevel] += Elements - _length;
    }

    private static int CountBelow(ReadOnlySpan<float> sorted, float limit)
    {
        int low = 0;
        int high = sorted.Length;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (sorted[middle] >= limit) high = middle;
            else low = middle + 1;
        }

        return low;
    }
}
