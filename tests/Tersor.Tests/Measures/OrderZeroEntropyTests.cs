using Tersor.Measures;

namespace Tersor.Tests.Measures;

public sealed class OrderZeroEntropyTests
{
    [Fact]
    public void BitsOf_IsTheSumOverAllSymbols()
    {
        Assert.Equal(6, OrderZeroEntropy.BitsOf([1, 0, 1, 2]), 1e-12);
        Assert.Equal(16, OrderZeroEntropy.BitsOf([8, 8]), 1e-12);
        Assert.Equal(0, OrderZeroEntropy.BitsOf([5]));
        Assert.Equal(0, OrderZeroEntropy.BitsOf([]));
    }
}
