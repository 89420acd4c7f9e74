namespace Tersor.Compression.Pruning;

/// <summary>How the share of zeros grows over the rounds of a pruning.</summary>
public enum PruningSchedule
{
    /// <summary>All at once.</summary>
    OneShot,

    /// <summary>The same share of what is left in each round: <c>1 - (1 - s)^(t/n)</c> (Han et al. 2015; Frankle and Carbin 2018).</summary>
    Iterative,

    /// <summary><c>s - s (1 - t/n)^3</c>: much at first, little at the end (Zhu and Gupta 2017).</summary>
    Cubic,
}

/// <summary>The shares of zeros that schedules ask for.</summary>
public static class PruningSchedules
{
    /// <summary>The share of zeros after a round.</summary>
    /// <param name="schedule">How it grows.</param>
    /// <param name="begin">The share before the first round.</param>
    /// <param name="end">The share after the last.</param>
    /// <param name="round">From 1.</param>
    /// <param name="rounds">How many there are.</param>
    public static double SparsityAfter(PruningSchedule schedule, double begin, double end, int round, int rounds)
    {
        if (begin is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(begin), begin, "0 to 1 is possible.");
        if (end is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(end), end, "0 to 1 is possible.");
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        if (round >= rounds || schedule == PruningSchedule.OneShot) return end;
        double part = Math.Max(0, round) / (double)rounds;
        return schedule == PruningSchedule.Cubic
            ? end + ((begin - end) * Math.Pow(1 - part, 3))
            : 1 - ((1 - begin) * Math.Pow((1 - end) / Math.Max(1 - begin, 1e-12), part));
    }

    /// <summary>The threshold of a round, where weights go by their size: the whole of it at once, <c>q t/n</c> where iterative, <c>q (1 - (1 - t/n)^3)</c> where cubic.</summary>
    /// <param name="schedule">How it grows.</param>
    /// <param name="end">q, that of the last round, 0 or more.</param>
    /// <param name="round">From 1.</param>
    /// <param name="rounds">How many there are.</param>
    public static double ThresholdAfter(PruningSchedule schedule, double end, int round, int rounds)
    {
        if (!(end >= 0)) throw new ArgumentOutOfRangeException(nameof(end), end, "0 or more is possible.");
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        if (round >= rounds || schedule == PruningSchedule.OneShot) return end;
        double left = 1 - (Math.Max(0, round) / (double)rounds);
        return end * (1 - (schedule == PruningSchedule.Cubic ? Math.Pow(left, 3) : left));
    }
}
