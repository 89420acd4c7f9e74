using Tersor.Cli.Output;

namespace Tersor.Cli.Tests.Output;

public sealed class LearningCurveChartTests
{
    [Fact]
    public void Curves_FallFromTopToBottomWithTheScaleBeside() => Assert.Equal(
        """

        loss   · train   ● validation
         1 ┤·
           │
           │
        10 ┤
           │       ●
           │
        19 ┤
           │
           │
        28 ┤●      ·
           └────────
            1      2 epoch

        """,
        Draw(new LearningCurveChart("loss", isLogarithmic: false, value => Numbers.Fixed(29 - value, 0)).Curve("train", '·', [28, 1]).Curve("validation", '●', [1, 15])));

    [Fact]
    public void LogarithmicScale_GivesEqualRatiosEqualHeight()
    {
        string[] lines = Draw(new LearningCurveChart("loss", isLogarithmic: true, Numbers.Short).Curve("train", '*', [1000, 100, 10, 1])).Split('\n');

        Assert.Equal(["1000 ┤*", "     │", "     │"], lines[2..5]);
        Assert.Equal([2, 5, 8, 11], Enumerable.Range(2, 10).Where(row => lines[row].Contains('*', StringComparison.Ordinal)));
        Assert.Equal("   1 ┤", lines[11][..6]);
    }

    [Fact]
    public void ValuesThatAreNoNumbers_LeaveGaps()
    {
        string drawn = Draw(new LearningCurveChart("loss", isLogarithmic: true, Numbers.Short).Curve("train", '*', [2, double.NaN, double.PositiveInfinity, 0, 1]));

        Assert.Equal(2, drawn[drawn.IndexOf('┤', StringComparison.Ordinal)..].Count(character => character == '*'));
    }

    [Fact]
    public void CurvesWithoutValues_AreNotNamed()
    {
        LearningCurveChart chart = new LearningCurveChart("loss", isLogarithmic: true, Numbers.Short).Curve("train", '*', [1]).Curve("validation", '+', [double.NaN]);

        Assert.DoesNotContain("validation", Draw(chart), StringComparison.Ordinal);
        Assert.Equal("", Draw(new LearningCurveChart("loss", isLogarithmic: true, Numbers.Short).Curve("validation", '+', [])));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(59)]
    [InlineData(1000)]
    public void Width_StaysWithinAScreen(int epochs)
    {
        string[] lines = Draw(new LearningCurveChart("loss", isLogarithmic: false, Numbers.Short).Curve("train", '*', [.. Enumerable.Range(0, epochs).Select(i => (double)i)])).Split('\n');

        Assert.All(lines, line => Assert.InRange(line.Length, 0, 79));
        Assert.Contains(lines[2..12], line => line.Contains('*', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0.4, "0:00")]
    [InlineData(59.6, "1:00")]
    [InlineData(725, "12:05")]
    [InlineData(3723, "1:02:03")]
    [InlineData(double.PositiveInfinity, "277777777:46:40")]
    public void Durations_AreReadAsOnAClock(double seconds, string text) => Assert.Equal(text, Durations.Clock(seconds));

    private static string Draw(LearningCurveChart chart)
    {
        using StringWriter writer = new() { NewLine = "\n" };
        chart.Write(writer);
        return writer.ToString();
    }
}
