using System.CommandLine;
using Tersor.Cli.Output;
using Tersor.Models;

namespace Tersor.Cli.Options;

/// <summary><c>--memory-limit</c>: a promise kept twice, by an estimate before the work and by the runtime during it.</summary>
internal sealed class MemoryLimitOption
{
    // What the runtime, the parser and the tables need beside the tensors.
    private const long BaseBytes = 16 << 20;

    // Below this the runtime itself may fail before it can say why.
    private const long LeastBytes = 32 << 20;

    /// <summary>The option.</summary>
    public Option<long?> Limit { get; } = ValueOption.Size("--memory-limit", "Refuse to start, or stop, rather than use more managed memory than this.");

    /// <summary>Adds the option to a verb.</summary>
    public void AddTo(Command verb) => verb.Add(Limit);

    /// <summary>Bounds the heap from now on.</summary>
    public void Apply(Invocation invocation)
    {
        if (invocation.Value(Limit) is not long limit) return;
        if (limit < LeastBytes)
        {
            throw new ResourceLimitException(
                $"--memory-limit of {ByteSize.Exact(limit)} bytes is less than the command needs for itself; allow at least {Numbers.Integer((int)(LeastBytes >> 20))}MiB");
        }

        invocation.Setting(Limit, ByteSize.Exact(limit));
        invocation.Terminal.LimitMemory(limit);
    }

    /// <summary>What the limit leaves for work that claims its memory piece by piece.</summary>
    public MemoryBudget Budget(Invocation invocation) => new(invocation.Value(Limit), BaseBytes);

    /// <summary>Refuses tensors whose data must be held whole and will not fit, with a number.</summary>
    /// <exception cref="ResourceLimitException">One takes more than the limit.</exception>
    public void CheckHeldWhole(Invocation invocation, IEnumerable<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors.Where(tensor => !tensor.Data.ReadsInParts)) Check(invocation, tensor.ByteLength, $"tensor '{tensor.Name}'");
    }

    /// <summary>Refuses work that will not fit, with a number.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="workingBytes">The peak of the buffers that the work will hold.</param>
    /// <param name="what">What takes them, such as <c>tensor 'fc1.weight'</c>.</param>
    /// <exception cref="ResourceLimitException">More than the limit.</exception>
    public void Check(Invocation invocation, long workingBytes, string what)
    {
        if (invocation.Value(Limit) is not long limit || workingBytes <= limit - BaseBytes) return;
        throw new ResourceLimitException(
            $"{what} takes about {ByteSize.Human(workingBytes + BaseBytes)} of memory, --memory-limit allows {ByteSize.Human(limit)}; "
            + "raise the limit or lower --threads");
    }
}
