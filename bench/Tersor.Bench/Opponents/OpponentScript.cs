using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Tersor.Bench.Opponents;

/// <summary>A program that times another engine in a process of its own and prints milliseconds.</summary>
internal sealed record OpponentScript(string Program, string Script, params string[] Arguments)
{
    /// <summary>Runs it.</summary>
    /// <param name="seconds">How long it measures.</param>
    /// <param name="milliseconds">The fastest run.</param>
    /// <param name="problem">Why there is none.</param>
    public bool TryMeasure(double seconds, out double milliseconds, out string problem)
    {
        ProcessStartInfo start = new(Program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Opponents", Script));
        foreach (string argument in Arguments) start.ArgumentList.Add(argument);
        start.ArgumentList.Add(seconds.ToString(CultureInfo.InvariantCulture));
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string printed = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            problem = errors.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? $"{Program} printed '{printed.Trim()}'";
            return double.TryParse(printed, CultureInfo.InvariantCulture, out milliseconds) && process.ExitCode == 0;
        }
        catch (Win32Exception missing)
        {
            (milliseconds, problem) = (double.NaN, missing.Message);
            return false;
        }
    }
}
