using Tersor.Compression.Pruning;
using Tersor.Models;

namespace Tersor.Compression.Tests.Pruning;

public class PruningAllocationTests
{
    [Fact]
    public void A_global_share_takes_the_lowest_of_all_layers_and_leaves_each_a_weight()
    {
        IReadOnlyList<bool[]> masks = PruningAllocation.Globally([[0.1f, 0.2f], [5f, 6f, 7f, 8f]], 0.5);
        Assert.Equal([false, true], masks[0]);
        Assert.Equal([false, true, true, true], masks[1]);
    }

    [Fact]
    public void Normalized_layers_of_other_scale_lose_alike()
    {
        float[] small = [0.1f, 0.2f, 0.3f, 0.4f];
        IReadOnlyList<bool[]> masks = PruningAllocation.Globally(PruningAllocation.Normalize([small, [.. small.Select(weight => weight * 100)]]), 0.5);
        Assert.Equal([false, false, true, true], masks[0]);
        Assert.Equal(masks[0], masks[1]);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.8)]
    [InlineData(0.98)]
    public void Erdos_Renyi_kernels_meet_the_whole_share_and_leave_small_layers_denser(double sparsity)
    {
        TensorShape[] shapes = [new(16, 3, 3, 3), new(64, 64, 3, 3), new(10, 64)];
        IReadOnlyList<double> shares = PruningAllocation.ErdosRenyi(shapes, sparsity);
        double zeros = shapes.Select((shape, i) => shares[i] * shape.ElementCount).Sum() / shapes.Sum(shape => shape.ElementCount);
        Assert.Equal(sparsity, zeros, 6);
        Assert.All(shares, share => Assert.InRange(share, 0, 1));
        Assert.True(shares[0] < shares[1] && shares[2] < shares[1]);
    }

    [Theory]
    [InlineData(10, 1.0, 1)]
    [InlineData(10, 0.0, 10)]
    [InlineData(0, 0.5, 0)]
    public void One_weight_stays_at_least(int weights, double sparsity, int kept) => Assert.Equal(kept, PruningAllocation.KeptOf(weights, sparsity));
}
