namespace Tersor.Tests;

/// <summary>Work that fills memory from its first number to its last, stopped by another thread once the first is there.</summary>
internal static class StoppedInside
{
    // The thread that stops may get its turn only after the work has ended; that it never gets it in time is no accident.
    private const int Attempts = 100;

    /// <summary>Fails unless the work ends with <see cref="OperationCanceledException"/> before its last number is written.</summary>
    /// <param name="numbers">What the work fills.</param>
    /// <param name="unset">What no number becomes.</param>
    /// <param name="work">Looks at its token.</param>
    public static void Check(int[] numbers, int unset, Action<CancellationToken> work)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            Array.Fill(numbers, unset);
            if (StopsAtFirst(numbers, unset, work) && numbers[^1] == unset) return;
        }

        Assert.Fail($"Not one of {Attempts} runs ended before the last number was written.");
    }

    private static bool StopsAtFirst(int[] numbers, int unset, Action<CancellationToken> work)
    {
        using CancellationTokenSource stop = new();
        Thread stopping = new(() =>
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref numbers[0]) != unset);
            stop.Cancel();
        });
        stopping.Start();
        try
        {
            work(stop.Token);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        finally
        {
            // Also where the work failed before its first number.
            numbers[0] = ~unset;
            stopping.Join();
        }
    }
}
