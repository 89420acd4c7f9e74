using System.Numerics;
using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Bench.EntropyCoding;

/// <summary>
/// What a bin costs the decoder where nothing but one thing limits it: the chain through range and offset, that through a context, or wrong guesses of the
/// branch predictor. <see cref="Cycles"/> takes a cycle per turn, so that times can be read in cycles.
/// </summary>
public class DecoderChainBenchmarks
{
    /// <summary>Bins, or turns, of one call.</summary>
    public const int BinCount = 10_000_000;

    private byte[] _fair = [];
    private byte[] _fairOfEight = [];
    private byte[] _rare = [];

    [GlobalSetup]
    public void Prepare()
    {
        _fair = Encode(contextCount: 1, oneIn: 2);
        _fairOfEight = Encode(contextCount: 8, oneIn: 2);
        _rare = Encode(contextCount: 1, oneIn: 64);
    }

    /// <summary>A chain of operations of one cycle each.</summary>
    [Benchmark(Baseline = true)]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ulong Cycles()
    {
        ulong value = 1;
        for (int i = 0; i < BinCount; i += 8)
        {
            value = BitOperations.RotateLeft(value, 7) ^ 3;
            value = BitOperations.RotateLeft(value, 9) ^ 5;
            value = BitOperations.RotateLeft(value, 11) ^ 9;
            value = BitOperations.RotateLeft(value, 13) ^ 17;
        }

        return value;
    }

    /// <summary>Even chances, one context, no jump: range, offset and context are one chain.</summary>
    [Benchmark]
    public int FairBinsOfOneContext() => DecodeWithoutJumps(_fair, contextCount: 1);

    /// <summary>Even chances, contexts in turn, no jump: range and offset are the chain, contexts have time.</summary>
    [Benchmark]
    public int FairBinsOfEightContexts() => DecodeWithoutJumps(_fairOfEight, contextCount: 8);

    /// <summary>Even chances, one context, a jump on each bin: every second one is guessed wrong.</summary>
    [Benchmark]
    public int FairBinsWithJumps() => DecodeWithJumps(_fair);

    /// <summary>One bin of 64 is 1, a jump on each: nearly all are guessed right, and what follows goes ahead on the guess.</summary>
    [Benchmark]
    public int RareBinsWithJumps() => DecodeWithJumps(_rare);

    // The number of contexts is a power of two.
    private static byte[] Encode(int contextCount, int oneIn)
    {
        SplitMix64 random = new(3);
        CodingContext[] contexts = Start(contextCount);
        ArithmeticEncoder encoder = new();
        for (int i = 0; i < BinCount; i++) encoder.EncodeBin(ref contexts[i & (contextCount - 1)], random.NextBelow(oneIn) == 0 ? 1 : 0);
        return encoder.Finish().ToArray();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int DecodeWithoutJumps(byte[] payload, int contextCount)
    {
        CodingContext[] contexts = Start(contextCount);
        ArithmeticDecoder decoder = new(payload);
        int ones = 0;
        for (int i = 0; i < BinCount; i++)
        {
            decoder.Refill();
            ones += decoder.TakeUnforeseeableBin(ref contexts[i & (contextCount - 1)]);
        }

        return ones;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int DecodeWithJumps(byte[] payload)
    {
        CodingContext context = Start(1)[0];
        ArithmeticDecoder decoder = new(payload);
        int ones = 0;
        for (int i = 0; i < BinCount; i++)
        {
            decoder.Refill();
            if (decoder.TakeBin(ref context)) ones++;
        }

        return ones;
    }

    private static CodingContext[] Start(int count)
    {
        CodingContext[] contexts = new CodingContext[count];
        foreach (ref CodingContext context in contexts.AsSpan()) context.Initialize(0);
        return contexts;
    }
}
