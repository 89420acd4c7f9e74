using Tersor.Models;

namespace Tersor.Cli.Tests;

public sealed class FailureTests
{
    public static TheoryData<Exception, int, string> Mapping() => new()
    {
        { new ModelFormatException("a.onnx", "tensor 'w'", 12, "ends early"), 3, "error[malformed]: a.onnx: tensor 'w' (byte 12): ends early" },
        { new UnsupportedModelException("a.onnx", ["x; use y", "z"]), 4, "error[unsupported]: a.onnx: x; use y; z" },
        { new ResourceLimitException("too much."), 6, "error[resource-limit]: too much" },
        { new FileNotFoundException("no file"), 2, "error[input-missing]: no file" },
        { new DirectoryNotFoundException("no folder"), 2, "error[input-missing]: no folder" },
        { new IOException("device is odd", 5), 2, "error[io]: device is odd" },
        {
            new IOException("No space left on device : '/x'", 28), 6,
            "error[disk-full]: No space left on device : '/x'. Free some space or write elsewhere; no partial output was left behind."
        },
        {
            new IOException("There is not enough space on the disk.", unchecked((int)0x80070070)), 6,
            "error[disk-full]: There is not enough space on the disk. Free some space or write elsewhere; no partial output was left behind."
        },
        { new UnauthorizedAccessException("denied"), 2, "error[no-access]: denied. Check the permissions of the file and its folder." },
        { new OperationCanceledException(), 130, "error[cancelled]: stopped before the end. No output was left behind." },
        { new CommandException(ExitCode.GoalNotMet, "mismatch", "a\nb\u001b[31m"), 5, "error[mismatch]: a b\\u001b[31m" },
        {
            new InvalidOperationException("broken"), 1,
            "error[unexpected]: InvalidOperationException: broken. This is a bug in tersor; run again with --verbose for the stack trace and report it."
        },
    };

    [Theory]
    [MemberData(nameof(Mapping))]
    public void From_EveryKindOfFailure_HasItsCodeAndOneLine(Exception exception, int exitCode, string line)
    {
        Failure failure = Failure.From(exception);

        Assert.Equal(exitCode, (int)failure.ExitCode);
        Assert.Equal(line, failure.Line);
    }

    [Fact]
    public void From_OutOfMemory_IsAResourceLimit() => Assert.Equal(ExitCode.ResourceLimit, Failure.From(new InsufficientMemoryException()).ExitCode);

    [Fact]
    public void From_Aggregate_PrefersTheCauseOverTheCancellationItCaused()
    {
        Failure failure = Failure.From(new AggregateException(new OperationCanceledException(), new ModelFormatException("f", null, -1, "bad")));

        Assert.Equal(ExitCode.Malformed, failure.ExitCode);
    }

    [Fact]
    public void EveryExitCodeIsListed() => Assert.Equal(Enum.GetValues<ExitCode>(), ExitCodes.All.Select(entry => entry.Code));
}
