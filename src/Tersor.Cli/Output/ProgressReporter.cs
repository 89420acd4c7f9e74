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
    public void Report(ModelProgress value)
    {
        if (!_enabled) return;
        lock (_gate)
        {
            if (_terminal.Clock.GetTimestamp() < _next) return;
            string line = Describe(value);
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

    private static string Describe(ModelProgress value)
    {
        string item = VisibleText.OneLine(value.Item);
        if (value.Total <= 0) return $"{value.Phase} {item}";
        int percent = (int)Math.Clamp(value.Done * 100.0 / value.Total, 0, 100);
        return string.Create(
            CultureInfo.InvariantCulture, $"{value.Phase} {percent,3} % of {ByteSize.Human(value.Total)}: {item}");
    }

    private long After(TimeSpan delay) => _terminal.Clock.GetTimestamp() + (long)(delay.TotalSeconds * _terminal.Clock.TimestampFrequency);
}
