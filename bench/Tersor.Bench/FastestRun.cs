using System.Diagnostics;

namespace Tersor.Bench;

/// <summary>Times work by its fastest run, which other work of the machine disturbs least.</summary>
internal static class FastestRun
{
    /// <summary>The fastest of the runs that fit some seconds, after two to warm up, in milliseconds.</summary>
    public static double Of(Action run, double seconds)
    {
        run();
        run();
        double fastest = double.PositiveInfinity;
        Stopwatch all = Stopwatch.StartNew();
        do
        {
            long start = Stopwatch.GetTimestamp();
            run();
            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        while (all.Elapsed.TotalSeconds < seconds);
        return fastest;
    }
}
