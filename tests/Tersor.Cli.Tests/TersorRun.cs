using System.Text.Json;
using Tersor.Cli.Output;

namespace Tersor.Cli.Tests;

/// <summary>What a run of the command printed and returned.</summary>
internal sealed record TersorRun(int ExitCode, string Out, string Error)
{
    /// <summary>Runs the command in this process, as if stdout and stderr were files.</summary>
    public static Task<TersorRun> Of(params string[] arguments) => Of(new TerminalSettings(), arguments);

    /// <summary>Runs the command in this process with chosen surroundings.</summary>
    public static async Task<TersorRun> Of(TerminalSettings settings, params string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter error = new() { NewLine = "\n" };
        using Terminal terminal = new()
        {
            Out = output,
            Error = error,
            OutHasStyles = settings.OutHasStyles,
            ErrorIsLive = settings.ErrorIsLive,
            Clock = settings.Clock,
            LimitMemory = settings.LimitMemory,
            OpenInput = () => new MemoryStream(settings.Input),
            OpenOutput = () => settings.Output,
        };
        ExitCode exitCode = await TersorCommand.RunAsync(arguments, terminal, settings.Cancellation);
        return new TersorRun((int)exitCode, output.ToString(), error.ToString());
    }

    /// <summary>The one document on stdout.</summary>
    public JsonElement Json()
    {
        using JsonDocument document = JsonDocument.Parse(Out);
        return document.RootElement.Clone();
    }

    /// <summary>The run ended well.</summary>
    public TersorRun Succeeds()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
        return this;
    }

    /// <summary>The run ended with this code and exactly this on stderr, and printed nothing.</summary>
    public void FailsWith(int exitCode, string error)
    {
        Assert.Equal(error + "\n", Error);
        Assert.Equal(exitCode, ExitCode);
        Assert.Equal("", Out);
    }
}

/// <summary>The surroundings of a run.</summary>
internal sealed record TerminalSettings
{
    public bool OutHasStyles { get; init; }

    public bool ErrorIsLive { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public Action<long> LimitMemory { get; init; } = _ => { };

    public byte[] Input { get; init; } = [];

    public MemoryStream Output { get; init; } = new();

    public CancellationToken Cancellation { get; init; }
}
