using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

/// <summary>Bounds as users write them.</summary>
public class ErrorBoundTests
{
    [Theory]
    [InlineData("abs:1e-3", ErrorBoundMode.Absolute, 1e-3, "abs:0.001")]
    [InlineData("REL:.25", ErrorBoundMode.Relative, 0.25, "rel:0.25")]
    [InlineData("rel:2", ErrorBoundMode.Relative, 2, "rel:2")]
    [InlineData("pointwise:1E-2", ErrorBoundMode.Pointwise, 0.01, "pointwise:0.01")]
    public void A_bound_is_read_and_written(string text, ErrorBoundMode mode, double value, string written)
    {
        ErrorBound bound = ErrorBound.Parse(text)!;

        Assert.Equal((mode, value, written), (bound.Mode, bound.Value, bound.ToString()));
    }

    [Fact]
    public void Every_bound_survives_as_text()
    {
        Seeded random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            double value = BitConverter.UInt64BitsToDouble(random.NextUInt64() & long.MaxValue);
            if (!double.IsFinite(value) || value == 0) continue;
            ErrorBound bound = new(ErrorBoundMode.Relative, value);
            Assert.Equal(bound, ErrorBound.Parse(bound.ToString()));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("abs")]
    [InlineData("abs:")]
    [InlineData("abs:0")]
    [InlineData("abs:-1")]
    [InlineData("abs:NaN")]
    [InlineData("abs:Infinity")]
    [InlineData("abs:1e999")]
    [InlineData("abs:1e-999")]
    [InlineData("abs:0,1")]
    [InlineData("abs: 1")]
    [InlineData("1e-3")]
    [InlineData("relative:1e-3")]
    [InlineData("pointwise:1")]
    [InlineData("abs:1e-3|rel:1e-3")]
    public void What_bounds_nothing_is_refused(string text) => Assert.Null(ErrorBound.Parse(text));
}
