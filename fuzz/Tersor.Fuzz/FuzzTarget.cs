namespace Tersor.Fuzz;

/// <summary>
/// A reader of untrusted bytes and what it may do with any of them: succeed, or throw one of the stated exceptions, in bounded memory. Anything else is a
/// finding, thrown by <see cref="Run"/>.
/// </summary>
/// <param name="name">As the command line and the folder of the corpus say it.</param>
/// <param name="acceptable">The exact exceptions that may end a run.</param>
/// <param name="attempts">What is done with an input, each from the start.</param>
public sealed class FuzzTarget(string name, IReadOnlyList<Type> acceptable, params IReadOnlyList<Action<byte[]>> attempts)
{
    /// <summary>Bytes that any input may allocate, per attempt.</summary>
    private const long FixedAllocation = 16 << 20;

    /// <summary>Bytes that each byte of the input may allocate: a byte holds up to 1024 coded levels, which are read and composed a few times over.</summary>
    private const long AllocationPerByte = 1024 * 4 * 8;

    public string Name => name;

    public IReadOnlyList<Type> Acceptable => acceptable;

    /// <summary>Does with an input what users would.</summary>
    /// <exception cref="FuzzFindingException">A rule was broken; any other exception that escapes is a finding as well.</exception>
    public void Run(byte[] input)
    {
        foreach (Action<byte[]> attempt in attempts)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                attempt(input);
            }
            catch (Exception error) when (acceptable.Contains(error.GetType()))
            {
                if (error.Message.Length == 0) throw new FuzzFindingException($"{name}: an error without a message", error);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            long allowed = FixedAllocation + (AllocationPerByte * input.Length);
            if (allocated > allowed) throw new FuzzFindingException($"{name}: {allocated:N0} bytes allocated for {input.Length:N0}; {allowed:N0} are allowed");
        }
    }

    public override string ToString() => name;
}
