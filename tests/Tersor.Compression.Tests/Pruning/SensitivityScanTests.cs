using Tersor.Compression.Pruning;

namespace Tersor.Compression.Tests.Pruning;

public class SensitivityScanTests
{
    private static readonly LayerSensitivity Tough = new("tough", 1000, [0, 0.5, 0.9], [1, 1.01, 1.05], [0.9, 0.9, 0.89]);
    private static readonly LayerSensitivity Fragile = new("fragile", 1000, [0, 0.5, 0.9], [1, 1.5, 4], [0.9, 0.88, 0.5]);

    [Fact]
    public void A_tolerance_goes_up_to_the_knee_of_each_layer()
    {
        Assert.Equal([0.9, 0], SensitivityScan.ForTolerance([Tough, Fragile], 0.0101));
        Assert.Equal([0.9, 0.5], SensitivityScan.ForTolerance([Tough, Fragile], 0.0201));
    }

    [Fact]
    public void A_share_of_zeros_comes_from_where_it_costs_least()
    {
        Assert.Equal([0.6, 0], SensitivityScan.ForSparsity([Tough, Fragile], 0.3), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal([0.9, 0.3], SensitivityScan.ForSparsity([Tough, Fragile], 0.6), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Fact]
    public void More_zeros_than_the_scan_tried_are_met_all_the_same()
    {
        IReadOnlyList<double> shares = SensitivityScan.ForSparsity([Tough, Fragile], 0.96);
        Assert.Equal(0.96, shares.Average(), 9);
        Assert.All(shares, share => Assert.InRange(share, 0.9, 1));
    }
}
