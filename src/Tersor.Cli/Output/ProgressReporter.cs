using System.Globalization;
using Tersor.Models;

namespace Tersor.Cli.Output;

/// <summary>
/// Shows long work on stderr: one line drawn again and again on a screen, now and then a plain line elsewhere, nothing for short work. Safe from
/// several threads.
/// </summary>
internal sealed class ProgressReporter : IProgress<ModelProgress>
{
    private static readonly TimeSpan LiveDelay = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Terminal _terminal;
    private readonly bool _enabled;
    private long _next;
    private bool _lineShown;

    /// <summary>Starts the clock; <paramref name="enabled"/> false keeps it silent.</summary>
    public ProgressReporter(Terminal terminal, bool enabled)
    {
        _terminal = terminal;
        _enabled = enabled;
        _next = After(terminal.ErrorIsLive ? LiveDelay : PlainInterval);
    }

    /// <inheritdoc/>
    public void Report(ModelProgress value) => Report(value.Phase, value.Item, value.Done, value.Total, ByteSize.Human);

    /// <summary>Work counted in something else than bytes.</summary>
    /// <param name="phase">What is being done.</param>
    /// <param name="item">The thing at hand.</param>
    /// <param name="done">How much is done.</param>
    /// <param name="total">How much there is; 0 where that is unknown.</param>
    /// <param name="describe">How an amount reads, such as <c>10,000 samples</c>.</param>
    public void Report(string phase, string item, long done, long total, Func<long, string> describe)
    {
        if (!_enabled) return;
        lock (_gate)
        {
            if (_terminal.Clock.GetTimestamp() < _next) return;
            string line = Describe(phase, VisibleText.OneLine(item), done, total, describe);
            if (_terminal.ErrorIsLive)
            {
                if (line.Length >= _terminal.Width) line = line[..(_terminal.Width - 1)];
                _terminal.Error.Write("\r\u001b[2K" + line);
                _terminal.Error.Flush();
                _lineShown = true;
                _next = After(LiveInterval);
            }
            else
            {
                _terminal.Error.WriteLine(line);
                _next = After(PlainInterval);
            }
        }
    }

    /// <summary>Takes the line away, so that something else can be written.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            if (!_lineShown) return;
            _terminal.Error.Write("\r\u001b[2K");
            _terminal.Error.Flush();
            _lineShown = false;
        }
    }

    private static string Describe(string phase, string item, long done, long total, Func<long, string> describe)
    {
        if (total <= 0) return $"{phase} {item}";
        int percent = (int)Math.Clamp(done * 100.0 / total, 0, 100);
        return string.Create(CultureInfo.InvariantCulture, $"{phase} {percent,3} % of {describe(total)}: {item}");
    }

    private long After(TimeSpan delay) => _terminal.Clock.GetTimestamp() + (long)(delay.TotalSeconds * _terminal.Clock.TimestampFrequency);
}
