using System.CommandLine;
using Tersor.Cli.Output;

namespace Tersor.Cli.Options;

/// <summary><c>--threads</c>: how much runs side by side; the results never depend on it.</summary>
/// <param name="what">What it counts, as the help says it.</param>
internal sealed class ThreadsOption(string what = "Tensors worked on side by side")
{
    private readonly Option<int?> _threads = ValueOption.Integer(
        "--threads", $"{what}; all processors if not given. The result does not depend on it, memory does.", 1, 1024);

    /// <summary>Adds the option to a verb.</summary>
    public void AddTo(Command verb) => verb.Add(_threads);

    /// <summary>The number asked for, or one per processor.</summary>
    public int Resolve(Invocation invocation)
    {
        int threads = invocation.Value(_threads) ?? Environment.ProcessorCount;
        invocation.Setting(_threads, Numbers.Integer(threads));
        return threads;
    }
}
