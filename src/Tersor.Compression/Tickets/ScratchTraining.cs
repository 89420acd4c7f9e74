namespace Tersor.Compression.Tickets;

/// <summary>How long to train a pruned architecture from random weights, for a comparison with the pruned network that is fair (Liu et al. 2019, arXiv 1810.05270).</summary>
public static class ScratchTraining
{
    /// <summary>How many times the epochs at most, however small the network is.</summary>
    public const int MostFactor = 2;

    /// <summary>Epochs that take as many multiply-adds as those of the larger network did (Scratch-B), at most <see cref="MostFactor"/> times as many; one at least.</summary>
    /// <param name="epochs">Of the larger network; the same number for the smaller one is Scratch-E.</param>
    /// <param name="multiplyAddsBefore">Of the larger network for a sample.</param>
    /// <param name="multiplyAddsAfter">Of the smaller one.</param>
    public static int EpochsOfSameCompute(int epochs, long multiplyAddsBefore, long multiplyAddsAfter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(multiplyAddsBefore);
        ArgumentOutOfRangeException.ThrowIfNegative(multiplyAddsAfter);
        double factor = multiplyAddsAfter == 0 ? 1 : Math.Min(MostFactor, (double)multiplyAddsBefore / multiplyAddsAfter);
        return Math.Max(1, (int)Math.Round(epochs * factor, MidpointRounding.AwayFromZero));
    }
}
