using Tersor.Cli.Output;

namespace Tersor.Cli.Tests.Output;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("1500", 1500)]
    [InlineData("512MB", 512_000_000)]
    [InlineData("512 mb", 512_000_000)]
    [InlineData("1G", 1_073_741_824)]
    [InlineData("1GiB", 1_073_741_824)]
    [InlineData("1.5GiB", 1_610_612_736)]
    [InlineData("2k", 2048)]
    [InlineData("7B", 7)]
    public void TryParse_Sizes(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1G")]
    [InlineData("1,5G")]
    [InlineData("1e3")]
    [InlineData("many")]
    [InlineData("9999999T")]
    [InlineData("1XB")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(1_724_320, "1.72 MB")]
    [InlineData(99_949, "99.9 kB")]
    [InlineData(99_950, "100 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.00 MB")]
    [InlineData(long.MaxValue, "9.22 EB")]
    public void Human_ThreeDigits(long bytes, string text) => Assert.Equal(text, ByteSize.Human(bytes));
}
