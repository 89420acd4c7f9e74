using System.Runtime.InteropServices;
using Tersor.Codec.Dcz;
using Tersor.EntropyCoding.Huffman;
using Tersor.Models;
using Tersor.Models.DeepCompression;

namespace Tersor.Tests.Codec.Dcz;

/// <summary>A tensor by itself: indices, fillers, ids and codebook.</summary>
public sealed class SharedTensorTests
{
    // The worked example of Deep Compression after pruning and sharing.
    private static readonly float[] Clustered = [0, -0.53f, 0, 0.915f, 0, 0.49f, -0.995f, 0, 0.915f, 0, 0.49f, -0.53f, -0.995f, 0, 0.49f, 0];

    [Fact]
    public void WorkedExample_HasItsIndicesAndItsBits()
    {
        RelativeIndexCounts indices = RelativeIndexCounts.Of([.. Clustered.Select(value => value == 0 ? 0 : 1)], CancellationToken.None);

        // 1 1 1 0 1 1 0 0 1.
        Assert.Equal([3, 6], indices.Counts(1).ToArray());
        Assert.Equal(0, indices.Fillers(1));
        Assert.Equal(9, HuffmanCode.FromCounts(indices.Counts(1)).CountBits(indices.Counts(1)));
    }

    [Fact]
    public void WorkedExample_IsSmallerWithoutIndices()
    {
        (DczSharing sharing, byte[] payload) = Encode(Clustered)!.Value;

        // Zero six times and the ids 2 2 3 2 times: 33 bits. With an index of one bit it would be 18 bits and 9, and a byte of code lengths more.
        Assert.Equal((0, 5, 15L, 6L), (sharing.IndexBits, sharing.CodebookLength, sharing.EntryCount, sharing.FillerCount));
        Assert.Equal((20L, 3L, 5L, 0L), (sharing.CodebookBytes, sharing.CodeLengthBytes, sharing.IdBytes, sharing.IndexBytes));
        Assert.Equal(28, payload.Length);
    }

    [Fact]
    public void LongGaps_TakeAFillerPerSixteen()
    {
        int[] ids = new int[40];
        foreach (int position in (ReadOnlySpan<int>)[0, 1, 20, 37, 38]) ids[position] = 1;

        RelativeIndexCounts indices = RelativeIndexCounts.Of(ids, CancellationToken.None);

        // 0, 0, a filler of 15, 2, a filler of 15, 0, 0.
        Assert.Equal(2, indices.Fillers(4));
        Assert.Equal([4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], indices.Counts(4).ToArray());
    }

    [Fact]
    public void EncodeDecode_RandomSparseTensors_ComeBackBitForBit()
    {
        Seeded random = new(7);
        for (int round = 0; round < 300; round++)
        {
            int sparsity = 1 + random.NextInt(1 << random.NextInt(12));
            float[] values = RandomShared(random, 1 + random.NextInt(3000), sparsity, 1 + random.NextInt(300));

            AssertComesBack(values);
        }
    }

    [Fact]
    public void EncodeDecode_SpecialValues_KeepTheirBits()
    {
        AssertComesBack([0f, -0f, float.NaN, BitConverter.Int32BitsToSingle(0x7FC0_1234), float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, -0f, 1f]);
        AssertComesBack([-0f, -0f, -0f, 0f]);
    }

    [Fact]
    public void AllEqual_TakesOneValueAndNoEntry()
    {
        foreach (float value in (float[])[0, -0f, 0.25f])
        {
            float[] values = new float[1000];
            Array.Fill(values, value);

            (DczSharing sharing, byte[] payload) = Encode(values)!.Value;

            Assert.Equal((0L, 4), (sharing.EntryCount, payload.Length));
            AssertComesBack(values);
        }
    }

    [Fact]
    public void IndexBits_FollowTheDensity()
    {
        // Two values, as often as each other: an id of one bit says all.
        Seeded random = new(2);
        Assert.Equal(0, Encode([.. Enumerable.Range(0, 4000).Select(_ => random.NextInt(2) - 0.5f)])!.Value.Sharing.IndexBits);
        int last = 0;
        foreach (int sparsity in (int[])[4, 16, 64])
        {
            DczSharing sharing = Encode(RandomShared(new Seeded(3), 60_000, sparsity, 30))!.Value.Sharing;
            Assert.InRange(sharing.IndexBits, last + 1, DczSharing.MaxIndexBits);
            Assert.InRange((double)sharing.KeptCount / 60_000, 0.8 / sparsity, 1.2 / sparsity);
            last = sharing.IndexBits;
        }
    }

    [Fact]
    public void MoreValuesThanACodebookTakes_AreNotShared()
    {
        Assert.Null(Encode([.. Enumerable.Range(0, DczSharing.MaxCodebookLength + 1).Select(i => (float)i)]));
        Assert.NotNull(Encode([.. Enumerable.Range(0, 2 * DczSharing.MaxCodebookLength).Select(i => (float)(i / 2))]));
        Assert.Null(Encode([.. Enumerable.Range(0, 100_000).Select(i => (float)i)]));
        Assert.Null(Encode([.. Enumerable.Range(0, 100_000).Select(i => (float)Math.Max(0, i - 80_000))]));
        Assert.NotNull(Encode([.. Enumerable.Range(0, 100_000).Select(i => (float)(i % 100))]));
    }

    [Fact]
    public void DamagedBytes_AreDecodedOrSaidToBeDamaged()
    {
        float[] values = RandomShared(new Seeded(5), 400, 9, 12);
        (DczSharing sharing, byte[] payload) = Encode(values)!.Value;
        byte[] elements = new byte[4 * values.Length];
        int refused = 0;
        foreach (byte[] damaged in Mutations.SingleBitFlips(payload))
        {
            if (SharedTensorDecoder.TryDecode(damaged, sharing, elements, out string? problem, CancellationToken.None)) continue;
            Assert.NotEmpty(problem!);
            refused++;
        }

        Assert.InRange(refused, 1, (8 * payload.Length) - 1);
    }

    [Fact]
    public void EntriesBeyondTheLastWeight_AreDamage()
    {
        (DczSharing sharing, byte[] payload) = Encode(Clustered)!.Value;

        Assert.False(SharedTensorDecoder.TryDecode(payload, sharing, new byte[4 * 14], out string? problem, CancellationToken.None));
        Assert.Equal("entry 14 stands on weight 14 of 14", problem);
    }

    [Fact]
    public void OtherFillersThanStated_AreDamage()
    {
        (DczSharing sharing, byte[] payload) = Encode(Clustered)!.Value;

        Assert.False(SharedTensorDecoder.TryDecode(payload, sharing with { FillerCount = 5 }, new byte[4 * 16], out string? problem, CancellationToken.None));
        Assert.Equal("6 fillers are there, 5 are stated", problem);
    }

    [SkippableFact]
    public void ReleasedSqueezeNet_TakesTheBytesOfItsDescription()
    {
        DeepCompressionFile released = DeepCompressionFile.Open(ByteSource.FromFile(SharedAssets.Require("models/squeezenet-v1.0-deep-compressed.net")));
        (long idBits, long limitedBits, long indexBits) = (0, 0, 0);
        for (int layer = 0; layer < released.Network.Layers.Count; layer++)
        {
            int[] ids = Array.ConvertAll(released.ReadLayer(layer).Ids.ToArray(), id => (int)id);
            RelativeIndexCounts indices = RelativeIndexCounts.Of(ids, CancellationToken.None);
            long[] counts = new long[256];
            foreach (int id in ids) counts[id]++;
            counts[0] = indices.Fillers(4);
            byte[] unlimited = CodeLengths.Shortest(counts, maxLength: 40);
            for (int id = 0; id < counts.Length; id++) idBits += counts[id] * unlimited[id];
            limitedBits += HuffmanCode.FromCounts(counts).CountBits(counts);
            indexBits += HuffmanCode.FromCounts(indices.Counts(4)).CountBits(indices.Counts(4));
        }

        Assert.Equal((384_757L, 129_180L), (idBits / 8, indexBits / 8));
        Assert.InRange(limitedBits, idBits, idBits + 50);
    }

    internal static float[] RandomShared(Seeded random, int count, int sparsity, int valueCount)
    {
        float[] codebook = [.. Enumerable.Range(0, valueCount).Select(_ => random.NextGaussian())];
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt(sparsity) > 0 ? 0 : codebook[random.NextInt(1 + random.NextInt(valueCount))])];
    }

    private static (DczSharing Sharing, byte[] Payload)? Encode(float[] values) =>
        SharedTensorEncoder.TryEncode(new Tensor("w", new TensorShape(values.Length), values), CancellationToken.None);

    private static void AssertComesBack(float[] values)
    {
        (DczSharing sharing, byte[] payload) = Encode(values)!.Value;
        float[] back = new float[values.Length];
        Assert.Null(sharing.Problem(values.Length));
        Assert.Equal(sharing.ByteCount, payload.Length);
        Assert.True(SharedTensorDecoder.TryDecode(payload, sharing, MemoryMarshal.AsBytes(back.AsSpan()), out string? problem, CancellationToken.None), problem);
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), back.Select(BitConverter.SingleToInt32Bits));
    }
}
