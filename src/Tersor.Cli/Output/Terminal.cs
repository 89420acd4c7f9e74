using System.Text;

namespace Tersor.Cli.Output;

/// <summary>Where the command reads and writes, and what those places can show.</summary>
internal sealed class Terminal : IDisposable
{
    private const int UnknownWidth = 80;

    /// <summary>Results.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Progress, notes, warnings and errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Standard input as bytes, for the file name <c>-</c>.</summary>
    public Func<Stream> OpenInput { get; init; } = () => Stream.Null;

    /// <summary>Standard output as bytes, for the file name <c>-</c>.</summary>
    public Func<Stream> OpenOutput { get; init; } = () => Stream.Null;

    /// <summary>Whether <see cref="Out"/> shows escape sequences.</summary>
    public bool OutHasStyles { get; init; }

    /// <summary>Whether <see cref="Error"/> is a screen on which a line can be drawn again.</summary>
    public bool ErrorIsLive { get; init; }

    /// <summary>Columns of the screen behind <see cref="Error"/>.</summary>
    public int Width { get; init; } = UnknownWidth;

    /// <summary>The clock of the progress display; nothing else looks at it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Bounds the managed heap of the process, in bytes.</summary>
    public Action<long> LimitMemory { get; init; } = _ => { };

    /// <summary>The terminal of the running process: styles only on screens, never under <c>NO_COLOR</c> or <c>TERM=dumb</c>.</summary>
    public static Terminal OfProcess()
    {
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        bool capable = Environment.GetEnvironmentVariable("TERM") != "dumb";
        bool colours = capable && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        bool errorIsLive = capable && !Console.IsErrorRedirected;
        return new Terminal
        {
            Out = new StreamWriter(Console.OpenStandardOutput(), utf8, 1 << 14) { AutoFlush = false, NewLine = "\n" },
            Error = new StreamWriter(Console.OpenStandardError(), utf8, 256) { AutoFlush = true, NewLine = "\n" },
            OpenInput = Console.OpenStandardInput,
            OpenOutput = Console.OpenStandardOutput,
            OutHasStyles = colours && !Console.IsOutputRedirected,
            ErrorIsLive = errorIsLive,
            Width = errorIsLive ? ScreenWidth() : UnknownWidth,
            LimitMemory = LimitHeap,
        };
    }

    /// <summary>Writes out what is buffered.</summary>
    public void Dispose()
    {
        try
        {
            Out.Dispose();
        }
        catch (IOException)
        {
            // The run flushed already and has reported what came of it.
        }

        Error.Dispose();
    }

    // A sixteenth is left for what the runtime takes beside the heap.
    private static void LimitHeap(long bytes)
    {
        AppContext.SetData("GCHeapHardLimit", (ulong)(bytes - (bytes / 16)));
        GC.RefreshMemoryLimit();
    }

    private static int ScreenWidth()
    {
        try
        {
            int width = Console.WindowWidth;
            return width > 0 ? width : UnknownWidth;
        }
        catch (IOException)
        {
            // A screen that does not tell its width.
            return UnknownWidth;
        }
    }
}
