using System.Globalization;
using Tersor.Engine.Kernels;

namespace Tersor.Bench.Opponents;

/// <summary>One piece of work that the engine and an opponent do, turn by turn.</summary>
/// <param name="Work">What is done.</param>
/// <param name="Opponent">Who else does it.</param>
/// <param name="MostTime">How much of the opponent's time the engine may take.</param>
/// <param name="Prepare">Makes the engine's run.</param>
/// <param name="Measure">Measures the opponent for some seconds: milliseconds, or why there are none.</param>
internal sealed record Contest(string Work, string Opponent, double MostTime, Func<KernelThreads, Action> Prepare, Func<double, (double Milliseconds, string? Problem)> Measure)
{
    /// <summary>Runs it and gives a row of the table.</summary>
    public string Run(KernelThreads threads, int rounds, double seconds)
    {
        Action run;
        try
        {
            run = Prepare(threads);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"| {Work} | not measured: {error.Message} | {Opponent} | | | |";
        }

        (double ours, double theirs) = (double.PositiveInfinity, double.PositiveInfinity);
        for (int round = 0; round < rounds; round++)
        {
            ours = Math.Min(ours, FastestRun.Of(run, seconds));
            (double measured, string? problem) = Measure(seconds);
            if (problem is not null) return Invariant($"| {Work} | {ours:G4} | {Opponent} | not measured: {problem} | | |");
            theirs = Math.Min(theirs, measured);
        }

        return Invariant($"| {Work} | {ours:G4} | {Opponent} | {theirs:G4} | {ours / theirs:F2} | {MostTime:F2} |");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
