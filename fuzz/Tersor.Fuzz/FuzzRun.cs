using System.Diagnostics;
using System.Security.Cryptography;
using Tersor.Tests;

namespace Tersor.Fuzz;

/// <summary>Runs a target on seed files and on mutations of them, and stores what breaks it.</summary>
internal sealed class FuzzRun(FuzzTarget target, IReadOnlyList<byte[]> seeds, string findings)
{
    /// <summary>Longer than any small input may take.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);

    /// <summary>Findings of one message are one finding.</summary>
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public int Findings => _known.Count;

    public long Inputs { get; private set; }

    /// <summary>The seeds as they are, then mutations of them until the time is over.</summary>
    public void Run(ulong seed, TimeSpan time)
    {
        Directory.CreateDirectory(findings);
        string runningPath = Path.Combine(findings, target.Name + ".running");
        if (RunningInput.Left(runningPath) is { } left) Store(left, "ended the process, or was stopped in it");
        using RunningInput running = new(runningPath);
        foreach (byte[] input in seeds) Try(input, running);
        Seeded random = new(seed);
        for (Stopwatch clock = Stopwatch.StartNew(); clock.Elapsed < time && seeds.Count > 0;)
            Try(Mutations.Mutate(seeds[random.NextInt(seeds.Count)], random, seeds[random.NextInt(seeds.Count)]), running);
    }

    private void Try(byte[] input, RunningInput running)
    {
        running.Set(input);
        Inputs++;
        long start = Stopwatch.GetTimestamp();
        try
        {
            target.Run(input);
            if (Stopwatch.GetElapsedTime(start) > Slow) Store(input, $"took {Stopwatch.GetElapsedTime(start).TotalSeconds:N0} s");
        }
        catch (Exception error)
        {
            string place = error.StackTrace?.Split('\n').FirstOrDefault()?.Trim() ?? "";
            Store(input, $"{error.GetType().Name} {place}", error);
        }
    }

    private void Store(byte[] input, string kind, Exception? error = null)
    {
        if (!_known.Add(kind)) return;
        string path = Path.Combine(findings, $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(input))[..12]}");
        File.WriteAllBytes(path, input);
        Console.WriteLine($"{path}: {kind}");
        if (error is not null) Console.WriteLine(error);
    }
}
