namespace Tersor.Engine.Training;

/// <summary>
/// Which level a place on a grid becomes where levels have costs: the one of the least <c>(place - level)^2 + cost</c>. Between neighbouring levels lies one threshold, so that a decision takes about
/// what rounding takes (the assignment cost of Choi, El-Khamy, Lee, Towards the Limit of Network Quantization, 2016, and of Wiedemann et al., Entropy-Constrained Training of Deep Neural Networks, IJCNN 2019).
/// </summary>
public sealed class LevelThresholds
{
    private readonly float[] _values;
    private readonly int[] _firstOfCell;

    private LevelThresholds(int lowest, float[] values)
    {
        (Lowest, _values) = (lowest, values);
        _firstOfCell = new int[values.Length + 1];
        int below = 0;
        for (int cell = 1; cell < _firstOfCell.Length; cell++)
        {
            while (below < values.Length && values[below] <= lowest + cell - 0.5f) below++;
            _firstOfCell[cell] = below;
        }
    }

    /// <summary>The lowest level.</summary>
    public int Lowest { get; }

    /// <summary>In increasing order, one between each two neighbouring levels; a level between two that are equal is never chosen.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>Finds the thresholds between the cheapest choices.</summary>
    /// <param name="lowest">The lowest level.</param>
    /// <param name="costs">Of the lowest level and those after it, in squared steps; finite.</param>
    /// <exception cref="ArgumentException">There are no levels.</exception>
    public static LevelThresholds Cheapest(int lowest, ReadOnlySpan<double> costs)
    {
        if (costs.IsEmpty) throw new ArgumentException("There is no level.", nameof(costs));

        // Less the square of the place, the choices are lines of falling slope: the cheapest are their lower envelope.
        int[] chosen = new int[costs.Length];
        double[] begins = new double[costs.Length];
        begins[0] = double.NegativeInfinity;
        int count = 1;
        for (int level = 1; level < costs.Length; level++)
        {
            double begin = Crossing(lowest, costs, chosen[count - 1], level);
            while (begin <= begins[count - 1])
            {
                count--;
                begin = Crossing(lowest, costs, chosen[count - 1], level);
            }

            (chosen[count], begins[count]) = (level, begin);
            count++;
        }

        float[] values = new float[costs.Length - 1];
        for (int i = 1; i < count; i++) values.AsSpan(chosen[i - 1]..chosen[i]).Fill((float)begins[i]);
        return new LevelThresholds(lowest, values);
    }

    /// <summary>The level of a place; one on a threshold goes up, one that is no number to the lowest.</summary>
    public int Of(float place)
    {
        int level = _firstOfCell[(int)Math.Clamp(MathF.Round(place, MidpointRounding.ToEven) - Lowest, 0, _values.Length)];
        while (level < _values.Length && place >= _values[level]) level++;
        return level + Lowest;
    }

    private static double Crossing(int lowest, ReadOnlySpan<double> costs, int lower, int upper) =>
        lowest + ((lower + upper) * 0.5) + ((costs[upper] - costs[lower]) / (2 * (upper - lower)));
}
