using Tersor.Cli.Output;
using Tersor.Models;

namespace Tersor.Cli.Tests.Output;

public sealed class ProgressReporterTests
{
    [Fact]
    public void Report_ShortWork_SaysNothing()
    {
        (ProgressReporter reporter, StringWriter error, HandClock clock) = Create(isLive: false);

        for (int i = 0; i < 10; i++) reporter.Report(new ModelProgress("read", "w", i, 10));
        clock.Advance(TimeSpan.FromSeconds(4.9));
        reporter.Report(new ModelProgress("read", "w", 10, 10));

        Assert.Equal("", error.ToString());
    }

    [Fact]
    public void Report_NotAScreen_PlainLinesNowAndThen()
    {
        (ProgressReporter reporter, StringWriter error, HandClock clock) = Create(isLive: false);

        for (int i = 0; i < 120; i++)
        {
            reporter.Report(new ModelProgress("quantize", "conv\u001b1", i, 200_000));
            clock.Advance(TimeSpan.FromSeconds(0.1));
        }

        Assert.Equal("quantize   0 % of 200 kB: conv\\u001b1\nquantize   0 % of 200 kB: conv\\u001b1\n", error.ToString());
    }

    [Fact]
    public void Report_Screen_RedrawsOneLineAndClearsIt()
    {
        (ProgressReporter reporter, StringWriter error, HandClock clock) = Create(isLive: true);
        clock.Advance(TimeSpan.FromSeconds(1));

        reporter.Report(new ModelProgress("encode", "a", 1, 4));
        reporter.Report(new ModelProgress("encode", "swallowed, too soon", 2, 4));
        clock.Advance(TimeSpan.FromSeconds(1));
        reporter.Report(new ModelProgress("encode", new string('x', 300), 4, 4));
        reporter.Clear();
        reporter.Clear();

        string second = ("encode 100 % of 4 B: " + new string('x', 300))[..79];
        Assert.Equal($"\r\u001b[2Kencode  25 % of 4 B: a\r\u001b[2K{second}\r\u001b[2K", error.ToString());
    }

    [Fact]
    public void Report_Quiet_SaysNothing()
    {
        (ProgressReporter reporter, StringWriter error, HandClock clock) = Create(isLive: true, isEnabled: false);
        clock.Advance(TimeSpan.FromHours(1));

        reporter.Report(new ModelProgress("encode", "a", 1, 4));
        reporter.Clear();

        Assert.Equal("", error.ToString());
    }

    private static (ProgressReporter Reporter, StringWriter Error, HandClock Clock) Create(bool isLive, bool isEnabled = true)
    {
        StringWriter error = new() { NewLine = "\n" };
        HandClock clock = new();
        Terminal terminal = new() { Out = TextWriter.Null, Error = error, ErrorIsLive = isLive, Clock = clock };
        return (new ProgressReporter(terminal, isEnabled), error, clock);
    }
}

/// <summary>A clock on which a minute passes at every look, so that all progress is due.</summary>
internal sealed class HastyClock : TimeProvider
{
    private long _timestamp;

    public override long GetTimestamp() => Interlocked.Add(ref _timestamp, 60 * TimestampFrequency);
}

/// <summary>A clock that moves by hand.</summary>
internal sealed class HandClock : TimeProvider
{
    private long _timestamp;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _timestamp);

    public void Advance(TimeSpan time) => Interlocked.Add(ref _timestamp, time.Ticks);
}
