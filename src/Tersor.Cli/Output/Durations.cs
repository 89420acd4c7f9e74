using System.Globalization;

namespace Tersor.Cli.Output;

/// <summary>Lengths of time as people read them.</summary>
internal static class Durations
{
    /// <summary>Such as <c>0:42</c>, <c>12:05</c> or <c>1:02:03</c>.</summary>
    public static string Clock(double seconds)
    {
        long whole = (long)Math.Round(Math.Clamp(seconds, 0, 1e12));
        return whole < 3600
            ? string.Create(CultureInfo.InvariantCulture, $"{whole / 60}:{whole % 60:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{whole / 3600}:{whole / 60 % 60:00}:{whole % 60:00}");
    }
}
