using System.Numerics;

namespace Tersor.Quantization;

/// <summary>
/// Which weights to set to zero: those whose loss costs least, by the second rule of rate-distortion theory for networks (Gao et al. 2019, arXiv 1810.06401). The first rule holds
/// for any choice, as a weight that is kept has no error and one that is zeroed leaves nothing.
/// </summary>
public static class PruningRule
{
    /// <summary>What losing each weight costs: <c>I w^2</c>, and with the second derivatives of the loss <c>I w^2 + 1/4 H w^4</c>.</summary>
    /// <param name="weights">Finite weights.</param>
    /// <param name="importance">Mean squared gradients, one per weight, finite and not negative; empty for all 1, which scores magnitudes.</param>
    /// <param name="squaredCurvature">Mean squares of second derivatives, one per weight, finite and not negative; empty for none.</param>
    /// <returns>One score per weight. Scores of layers can be compared where their importances were not normalized layer by layer.</returns>
    /// <exception cref="ArgumentException">Lengths differ, or a number is out of range.</exception>
    public static double[] Score(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ReadOnlySpan<float> squaredCurvature)
    {
        Check(weights.Length, importance, nameof(importance));
        Check(weights.Length, squaredCurvature, nameof(squaredCurvature));
        double[] scores = new double[weights.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            if (!float.IsFinite(weights[i])) throw new ArgumentException($"Weight {i} is {weights[i]:R}.", nameof(weights));
            double square = (double)weights[i] * weights[i];
            scores[i] = (importance.IsEmpty ? 1 : importance[i]) * square;
            if (!squaredCurvature.IsEmpty) scores[i] += squaredCurvature[i] * square * square / 4;
        }

        return scores;
    }

    /// <summary>Chooses the weights that stay: those of the highest scores over all layers; of equal ones those that come first.</summary>
    /// <param name="layers">The scores of each layer.</param>
    /// <param name="share">The share of all weights that stays, 0 to 1; rounded to a whole number of them.</param>
    /// <returns>For each layer and weight whether it stays.</returns>
    public static IReadOnlyList<bool[]> Keep(IReadOnlyList<double[]> layers, double share)
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (!(share is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(share), "A share is 0 to 1.");
        double[] all = [.. layers.SelectMany(scores => scores)];
        bool[] stays = KeepHighest<double>(all, (int)Math.Round(share * all.Length));
        List<bool[]> kept = [];
        int start = 0;
        foreach (double[] scores in layers)
        {
            kept.Add(stays[start..(start + scores.Length)]);
            start += scores.Length;
        }

        return kept;
    }

    /// <summary>Chooses so many of the highest scores; of equal ones those that come first. A score that is no number counts as the highest: what cannot be judged stays.</summary>
    /// <param name="scores">One per weight.</param>
    /// <param name="count">How many stay, 0 or more; all where there are fewer.</param>
    /// <returns>For each weight whether it stays.</returns>
    public static bool[] KeepHighest<T>(ReadOnlySpan<T> scores, int count)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        bool[] stays = new bool[scores.Length];
        if (count == 0) return stays;
        if (count >= scores.Length)
        {
            Array.Fill(stays, true);
            return stays;
        }

        T[] sorted = new T[scores.Length];
        for (int i = 0; i < sorted.Length; i++) sorted[i] = Comparable(scores[i]);
        Array.Sort(sorted);
        T threshold = sorted[^count];
        int above = sorted.Length - 1;
        while (above >= 0 && sorted[above] > threshold) above--;
        int atThreshold = count - (sorted.Length - 1 - above);
        for (int i = 0; i < stays.Length; i++)
        {
            T score = Comparable(scores[i]);
            if (score > threshold || (score == threshold && atThreshold-- > 0)) stays[i] = true;
        }

        return stays;
    }

    private static T Comparable<T>(T score)
        where T : IFloatingPointIeee754<T> => T.IsNaN(score) ? T.PositiveInfinity : score;

    private static void Check(int count, ReadOnlySpan<float> factors, string name)
    {
        if (factors.IsEmpty) return;
        if (factors.Length != count) throw new ArgumentException($"{factors.Length} factors are given for {count} weights.", name);
        for (int i = 0; i < count; i++)
        {
            if (!(factors[i] >= 0) || float.IsInfinity(factors[i])) throw new ArgumentException($"Factor {i} is {factors[i]:R}, not a finite number of at least 0.", name);
        }
    }
}
