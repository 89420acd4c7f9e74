using System.Collections.Concurrent;
using Tersor.Codec;

namespace Tersor.Tests.Codec;

/// <summary>Tensors after the one asked for are decoded meanwhile, so far and no further.</summary>
public class DecodeAheadTests
{
    [Fact]
    public void A_reader_in_order_has_each_item_decoded_once()
    {
        ConcurrentBag<int> decoded = [];
        DecodeAhead ahead = new(Lengths(100, 10), (index, _) => Decode(index, decoded), threads: 3, maxBytes: 100);

        for (int i = 0; i < 100; i++) Assert.Equal(i, ahead.Take(i, default).Span[0]);

        Assert.Equal(Enumerable.Range(0, 100), decoded.Order());
    }

    [Theory]
    [InlineData(2, 100, 8)]
    [InlineData(2, 35, 3)]
    [InlineData(8, 9, 0)]
    public void What_waits_to_be_fetched_is_bounded_in_number_and_bytes(int threads, long maxBytes, int expected)
    {
        ConcurrentBag<int> decoded = [];
        DecodeAhead ahead = new(Lengths(100, 10), (index, _) => Decode(index, decoded), threads, maxBytes);

        // Readers that jump leave what was decoded for them; the bound holds for all of it.
        foreach (int index in (int[])[0, 50, 80]) ahead.Take(index, default);

        SpinWait.SpinUntil(() => decoded.Count >= expected + 3, TimeSpan.FromSeconds(30));
        Thread.Sleep(20);
        Assert.Equal(expected + 3, decoded.Count);
    }

    [Fact]
    public void What_was_fetched_is_forgotten_and_decoded_anew_when_asked_again()
    {
        ConcurrentBag<int> decoded = [];
        DecodeAhead ahead = new(Lengths(1, 10), (index, _) => Decode(index, decoded), threads: 2, maxBytes: 100);

        Assert.NotSame(ahead.Take(0, default).ToArray(), ahead.Take(0, default).ToArray());
        Assert.Equal(2, decoded.Count);
    }

    [Fact]
    public void A_failure_comes_to_the_one_who_asks_for_that_item()
    {
        InvalidTimeZoneException failure = new("any");
        DecodeAhead ahead = new(Lengths(5, 10), (index, _) => index == 2 ? throw failure : new byte[] { (byte)index }, threads: 2, maxBytes: 100);

        Assert.Equal(0, ahead.Take(0, default).Span[0]);
        Assert.Equal(1, ahead.Take(1, default).Span[0]);
        Assert.Same(failure, Assert.Throws<InvalidTimeZoneException>(() => ahead.Take(2, default)));
        Assert.Equal(3, ahead.Take(3, default).Span[0]);
    }

    [Fact]
    public void Several_readers_get_what_they_ask_for()
    {
        DecodeAhead ahead = new(Lengths(64, 10), (index, _) => new byte[] { (byte)index }, threads: 3, maxBytes: 200);
        Parallel.For(0, 512, i => Assert.Equal(i % 64, ahead.Take(i % 64, default).Span[0]));
    }

    [Fact]
    public void A_reader_who_gives_up_does_not_spoil_the_items_ahead_for_others()
    {
        using CancellationTokenSource stop = new();
        using ManualResetEventSlim begun = new();
        DecodeAhead ahead = new(
            Lengths(2, 10),
            (index, token) =>
            {
                if (index == 0 || !token.CanBeCanceled) return new byte[] { (byte)index };
                begun.Set();
                token.WaitHandle.WaitOne();
                throw new OperationCanceledException(token);
            },
            threads: 2,
            maxBytes: 100);

        ahead.Take(0, stop.Token);
        begun.Wait();
        stop.Cancel();

        Assert.Equal(1, ahead.Take(1, default).Span[0]);
    }

    private static long[] Lengths(int count, long each)
    {
        long[] lengths = new long[count];
        Array.Fill(lengths, each);
        return lengths;
    }

    private static ReadOnlyMemory<byte> Decode(int index, ConcurrentBag<int> decoded)
    {
        decoded.Add(index);
        return new[] { (byte)index };
    }
}
