namespace Tersor.Compression.Tests;

public sealed class ClosestNamesTests
{
    [Theory]
    [InlineData("conv1.wieght", "conv1.weight")]
    [InlineData("CONV1.BIAS", "conv1.bias")]
    [InlineData("fc", "fc1")]
    [InlineData("quite something else", null)]
    public void Find_GivesTheNearest(string word, string? expected) =>
        Assert.Equal(expected, ClosestNames.Find(word, ["conv1.weight", "conv1.bias", "fc1"]) is [string first, ..] ? first : null);

    [Fact]
    public void Find_PartOfAName_Counts() => Assert.Equal(["layer1.0.conv", "layer2.0.conv"], ClosestNames.Find("conv", ["layer2.0.conv", "layer1.0.conv", "fc"]));

    [Fact]
    public void Find_HostileLengths_ReturnsAtOnce()
    {
        string huge = new('a', 10_000_000);

        Assert.Empty(ClosestNames.Find(huge, [new string('b', 10_000_000)]));
    }
}
