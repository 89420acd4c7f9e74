using Tersor.Compression.Tickets;

namespace Tersor.Compression.Tests.Tickets;

public class ScratchTrainingTests
{
    /// <summary>The note on pruning, section 6: 160 epochs are 320 at half of the multiply-adds and 225 at 71 %; never more than twice as many.</summary>
    [Theory]
    [InlineData(160, 100, 50, 320)]
    [InlineData(160, 100, 71, 225)]
    [InlineData(160, 100, 100, 160)]
    [InlineData(160, 100, 10, 320)]
    [InlineData(1, 1, 1000, 1)]
    [InlineData(7, 100, 0, 7)]
    public void Scratch_B_takes_the_compute_of_the_larger_network_within_twice_the_epochs(int epochs, long before, long after, int expected) =>
        Assert.Equal(expected, ScratchTraining.EpochsOfSameCompute(epochs, before, after));
}
