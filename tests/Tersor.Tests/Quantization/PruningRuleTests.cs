using System.Numerics;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

public class PruningRuleTests
{
    private static readonly float[] Weights = [0.9f, -0.4f, 0.05f, 0.6f, -0.2f];
    private static readonly float[] Importances = [0.1f, 2, 50, 0.5f, 9];

    [Fact]
    public void A_large_weight_that_counts_little_goes_before_a_small_one_that_counts()
    {
        double[] scores = PruningRule.Score(Weights, Importances, []);

        Assert.Equal([0.081, 0.32, 0.125, 0.18, 0.36], scores, Near);
        Assert.Equal([false, true, false, true, true], PruningRule.Keep([scores], 0.6)[0]);
        Assert.Equal([true, true, false, true, false], PruningRule.Keep([PruningRule.Score(Weights, [], [])], 0.6)[0]);
    }

    [Theory]
    [InlineData(0.5f, 0.01140625)]
    [InlineData(3f, 2.1825)]
    public void Second_derivatives_add_the_fourth_power(float weight, double score) => Assert.Equal(score, PruningRule.Score([weight], [0.04f], [0.09f])[0], 1e-6);

    [Fact]
    public void Layers_share_one_threshold_and_first_come_first_kept()
    {
        IReadOnlyList<bool[]> kept = PruningRule.Keep([[5, 1, 1], [], [1, 9]], 0.6);

        Assert.Equal([[true, true, false], [], [false, true]], kept);
        Assert.All(PruningRule.Keep([[1, 2], [3]], 0), layer => Assert.DoesNotContain(true, layer));
        Assert.All(PruningRule.Keep([[1, 2], [3]], 1), layer => Assert.DoesNotContain(false, layer));
    }

    // Theorem 4: of one rectified neuron with normal inputs the rule finds the best of all choices.
    [Fact]
    public void Of_a_rectified_neuron_no_other_choice_of_six_in_twelve_weights_is_better()
    {
        const int Count = 12;
        const int Draws = 4000;
        Seeded random = new(5);
        double[] variances = [.. Enumerable.Range(0, Count).Select(i => Math.Pow(100, (double)i / (Count - 1)))];
        float[] weights = [.. Enumerable.Range(0, Count).Select(_ => random.NextGaussian())];
        double[][] terms = [.. Enumerable.Range(0, Draws).Select(_ => weights.Select((weight, i) => weight * Math.Sqrt(variances[i]) * random.NextGaussian()).ToArray())];
        bool[] rule = PruningRule.Keep([PruningRule.Score(weights, [.. variances.Select(variance => (float)(variance / 2))], [])], 0.5)[0];
        int chosen = Enumerable.Range(0, Count).Sum(i => rule[i] ? 1 << i : 0);
        double[] errors = [.. Enumerable.Range(0, 1 << Count).Where(mask => BitOperations.PopCount((uint)mask) == Count / 2).Select(Error)];

        Assert.Equal(924, errors.Length);
        Assert.InRange(Error(chosen), 0, 1.05 * errors.Min());

        double Error(int mask)
        {
            double sum = 0;
            foreach (double[] draw in terms)
            {
                (double whole, double pruned) = (0, 0);
                for (int i = 0; i < Count; i++)
                {
                    whole += draw[i];
                    if ((mask & (1 << i)) != 0) pruned += draw[i];
                }

                double difference = Math.Max(0, whole) - Math.Max(0, pruned);
                sum += difference * difference;
            }

            return sum;
        }
    }

    [Fact]
    public void What_is_no_weight_no_factor_and_no_share_is_refused()
    {
        Assert.Throws<ArgumentException>(() => PruningRule.Score([1, float.NaN], [], []));
        Assert.Throws<ArgumentException>(() => PruningRule.Score([1, 2], [1, float.NaN], []));
        Assert.Throws<ArgumentException>(() => PruningRule.Score([1, 2], [], [1, -1]));
        Assert.Throws<ArgumentException>(() => PruningRule.Score([1, 2], [1], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => PruningRule.Keep([[1]], 1.1));
    }

    private static bool Near(double expected, double actual) => Math.Abs(expected - actual) < 1e-6;
}
