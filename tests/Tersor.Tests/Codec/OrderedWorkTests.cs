using Tersor.Codec;

namespace Tersor.Tests.Codec;

/// <summary>Work side by side, delivered in order, within a bound of bytes.</summary>
public class OrderedWorkTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void Results_come_in_order_on_the_calling_thread(int threads)
    {
        List<int> delivered = [];
        int caller = Environment.CurrentManagedThreadId;
        OrderedWork.Run(
            500,
            OnThreads(threads),
            _ => 1,
            index =>
            {
                Thread.SpinWait(index * 7919 % 1000);
                return index * 2;
            },
            (index, result) =>
            {
                Assert.Equal(caller, Environment.CurrentManagedThreadId);
                Assert.Equal(index * 2, result);
                delivered.Add(index);
            });

        Assert.Equal(Enumerable.Range(0, 500), delivered);
    }

    [Fact]
    public void Two_threads_work_at_the_same_time()
    {
        using Barrier both = new(2);
        OrderedWork.Run(2, OnThreads(2), _ => 1, _ => both.SignalAndWait(Deadline), (_, met) => Assert.True(met));
    }

    [Theory]
    [InlineData(2, 100)]
    [InlineData(8, 250)]
    [InlineData(8, 30)]
    public void Bytes_in_flight_stay_within_the_bound_but_for_an_item_that_passes_it_alone(int threads, long bound)
    {
        long inFlight = 0;
        long largest = 0;
        Lock turn = new();
        long BytesOf(int index) => 10 + (index * 31 % 90);
        OrderedWork.Run(
            200,
            OnThreads(threads),
            BytesOf,
            index =>
            {
                lock (turn)
                {
                    inFlight += BytesOf(index);
                    if (inFlight > Math.Max(bound, BytesOf(index))) largest = Math.Max(largest, inFlight);
                }

                return index;
            },
            (index, _) =>
            {
                lock (turn) inFlight -= BytesOf(index);
            },
            bound);

        Assert.Equal(0, largest);
        Assert.Equal(0, inFlight);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_failure_comes_out_as_it_is_and_nothing_runs_after(int threads)
    {
        InvalidTimeZoneException failure = new("any");
        int running = 0;
        List<int> delivered = [];

        Assert.Same(failure, Assert.Throws<InvalidTimeZoneException>(() => OrderedWork.Run(
            1000,
            OnThreads(threads),
            _ => 1,
            index =>
            {
                Interlocked.Increment(ref running);
                if (index == 20) throw failure;
                Thread.SpinWait(2000);
                Interlocked.Decrement(ref running);
                return index;
            },
            (index, _) => delivered.Add(index))));

        // The one that failed never signed off; every other one that began has ended.
        Assert.Equal(1, running);
        Assert.Equal(Enumerable.Range(0, 20), delivered);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_failure_of_the_receiver_stops_the_work(int threads)
    {
        int started = 0;
        Assert.Throws<InvalidTimeZoneException>(() => OrderedWork.Run(
            100_000, OnThreads(threads), _ => 1, _ => Interlocked.Increment(ref started), (index, _) => throw new InvalidTimeZoneException()));
        Assert.InRange(started, 1, 16 * threads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Cancellation_bears_the_token_of_the_caller(int threads)
    {
        using CancellationTokenSource stop = new();
        List<int> delivered = [];
        OperationCanceledException error = Assert.ThrowsAny<OperationCanceledException>(() => OrderedWork.Run(
            1000,
            OrderedWork.OnThreads(threads, stop.Token),
            _ => 1,
            index => index,
            (index, _) =>
            {
                delivered.Add(index);
                if (index == 5) stop.Cancel();
            }));

        Assert.Equal(stop.Token, error.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 6), delivered);
    }

    private static ParallelOptions OnThreads(int threads) => OrderedWork.OnThreads(threads, CancellationToken.None);
}
