using Tersor.Compression.Pruning;
using Tersor.Quantization;
using Tersor.Tests;

namespace Tersor.Compression.Tests.Pruning;

public class WeightMaskTests
{
    [Fact]
    public void The_highest_scores_stay_and_of_equal_ones_the_first()
    {
        Assert.Equal([true, false, true, false], PruningRule.KeepHighest<float>([2f, 1f, 3f, 1f], 2));
        Assert.Equal([true, true, false, false], PruningRule.KeepHighest<float>([1f, 1f, 1f, 1f], 2));
        Assert.Equal([false, false], PruningRule.KeepHighest<float>([1f, 2f], 0));
        Assert.Equal([true, true], PruningRule.KeepHighest<float>([1f, 2f], 5));
    }

    [Fact]
    public void What_cannot_be_judged_stays() => Assert.Equal([false, true, false], PruningRule.KeepHighest<float>([5f, float.NaN, 4f], 1));

    [Fact]
    public void Exactly_so_many_stay_and_none_that_goes_scores_higher()
    {
        Seeded random = new(5);
        for (int round = 0; round < 500; round++)
        {
            // Few different values, so that many are equal.
            float[] scores = [.. Enumerable.Range(0, random.NextInt(40)).Select(_ => random.NextInt(9) - 4f)];
            int count = random.NextInt(scores.Length + 1);
            bool[] isKept = PruningRule.KeepHighest<float>(scores, count);
            Assert.Equal(count, WeightMask.CountKept(isKept));
            float[] kept = [.. scores.Where((_, i) => isKept[i])];
            float[] gone = [.. scores.Where((_, i) => !isKept[i])];
            if (gone.Length > 0 && kept.Length > 0) Assert.True(kept.Min() >= gone.Max());
        }
    }

    [Fact]
    public void Above_deviations_stays_what_is_larger_than_the_threshold_and_one_at_least()
    {
        // Mean 0, deviation sqrt(2).
        Assert.Equal([true, false, false, true], WeightMask.AboveDeviations([2f, 0f, 0f, -2f], 1));
        Assert.Equal([true, false, false, false], WeightMask.AboveDeviations([2f, 0f, 0f, -2f], 1.5));

        // All the same: no deviation, nothing goes but zeros.
        Assert.Equal([true, true], WeightMask.AboveDeviations([3f, 3f], 2));
        Assert.Equal([true, false, false, true, true], WeightMask.AboveDeviations([2f, 0f, 0f, -2f, float.NaN], 1));
        Assert.Empty(WeightMask.AboveDeviations([], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightMask.AboveDeviations([1f], double.NaN));
    }

    /// <summary>The note on Deep Compression, section 2: of weights that are about normal q keeps 2 (1 - Phi(q)).</summary>
    [Theory]
    [InlineData(0.5, 0.617)]
    [InlineData(1.0, 0.317)]
    [InlineData(1.5, 0.134)]
    [InlineData(2.0, 0.046)]
    public void Of_normal_weights_a_threshold_keeps_what_the_normal_distribution_says(double deviations, double kept)
    {
        Seeded random = new(11);
        float[] weights = [.. Enumerable.Range(0, 40_000).Select(_ => 0.03f * random.NextGaussian())];
        Assert.Equal(kept, WeightMask.CountKept(WeightMask.AboveDeviations(weights, deviations)) / 40_000.0, 0.008);
    }

    [Fact]
    public void Runs_rank_as_whole_layers_do()
    {
        Seeded random = new(8);
        for (int round = 0; round < 200; round++)
        {
            int of = 2 + random.NextInt(7);
            float[] scores = [.. Enumerable.Range(0, of).Select(_ => random.NextInt(6) is 5 ? float.NaN : random.NextInt(4) - 1f)];
            int keep = 1 + random.NextInt(of);
            Assert.Equal(PruningRule.KeepHighest<float>(scores, keep), new WeightPattern(keep, of, Inputs: of, Stride: 1).MaskOf(scores));
        }
    }

    /// <summary>The note on pruning, section 5: N of each run of M along the inputs; a shorter last run keeps the smaller of N and its length.</summary>
    [Fact]
    public void A_pattern_keeps_N_of_M_along_the_inputs()
    {
        // Two outputs, six inputs: runs of four and of two.
        float[] scores = [1, 4, 2, 3, 9, 8, 7, 7, 7, 7, 0, 1];
        Assert.Equal([false, true, false, true, true, true, true, true, false, false, true, true], new WeightPattern(Keep: 2, Of: 4, Inputs: 6, Stride: 1).MaskOf(scores));

        // The same matrix, inputs outermost.
        float[] turned = [1, 7, 4, 7, 2, 7, 3, 7, 9, 0, 8, 1];
        Assert.Equal([false, true, true, true, false, false, true, false, true, true, true, true], new WeightPattern(Keep: 2, Of: 4, Inputs: 6, Stride: 2).MaskOf(turned));
    }
}
