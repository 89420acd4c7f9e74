using Tersor.Cli.Output;
using Tersor.Models;

namespace Tersor.Cli.Options;

/// <summary>What is left of <c>--memory-limit</c> while a run claims memory piece by piece, each before it is allocated.</summary>
/// <param name="limit">The limit; null for none.</param>
/// <param name="baseBytes">What the command takes for itself.</param>
internal sealed class MemoryBudget(long? limit, long baseBytes)
{
    private long _taken = baseBytes;

    /// <summary>Bytes that may still be claimed.</summary>
    public long Left => limit is long bytes ? Math.Max(0, bytes - _taken) : long.MaxValue;

    /// <summary>Claims memory for what is only kept to save time: as much as is wanted, and no more than a quarter of what is left.</summary>
    /// <param name="wanted">Bytes.</param>
    /// <returns>Bytes claimed.</returns>
    public long TakeUpTo(long wanted)
    {
        long taken = Math.Min(wanted, Left / 4);
        _taken += taken;
        return taken;
    }

    /// <summary>Claims memory that stays in use to the end of the run.</summary>
    /// <param name="bytes">How much.</param>
    /// <param name="what">What takes it, such as <c>the weights of model.onnx</c>.</param>
    /// <exception cref="ResourceLimitException">More than is left.</exception>
    public void Take(long bytes, string what)
    {
        if (limit is long most && bytes > Left)
        {
            throw new ResourceLimitException(
                $"{what} take about {ByteSize.Human(bytes)} of memory beside {ByteSize.Human(_taken)} for the rest, --memory-limit allows {ByteSize.Human(most)}; "
                + "raise the limit or lower --batch");
        }

        _taken += bytes;
    }
}
