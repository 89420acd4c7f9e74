using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Tests.Codec;

public class RepeatedCompressionTests
{
    /// <summary>Whatever was compressed before, and however much of it fits, streams are those of the compressor.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(600)]
    [InlineData(RepeatedCompression.UsualMaxBytes)]
    public void Streams_AreThoseOfSingleCompressions(long maxBytes)
    {
        Seeded random = new(3);
        using Model model = new("memory", "memory", [.. Enumerable.Range(0, 5).Select(i => Weights($"w{i}", 20 + i, random)), Weights("shared", 40, random, distinct: 5)]);
        RepeatedCompression repeated = new(model, threads: 2, maxBytes: maxBytes);
        CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions());
        for (int round = 0; round < 24; round++)
        {
            // A few settings for each tensor, so that most come again; now and then another stream around them.
            TensorPlan[] tensors = [.. plan.Tensors.Select(tensor => tensor.Name == "shared" ? tensor with { Method = TensorMethod.Shared } : tensor with { Qp = -20 + random.NextInt(3) })];
            CompressionPlan tried = plan with { Tensors = tensors, Edition = round % 8 == 7 ? 1 : 2, Topology = round % 5 == 4 ? TopologyCarriage.None : TopologyCarriage.Auto };
            using MemoryStream expected = new();
            using MemoryStream actual = new();

            CompressionReport single = ModelCompressor.Compress(model, tried, expected);
            CompressionReport again = repeated.Compress(tried, actual);

            Assert.Equal(expected.ToArray(), actual.ToArray());
            Assert.Equal(single.Plan.ToJson(), again.Plan.ToJson());
            Assert.Equal(single.Warnings, again.Warnings);
        }
    }

    [Fact]
    public void TensorWithTheSameSettings_IsNotReadAgain()
    {
        int reads = 0;
        byte[] bytes = new byte[400];
        new Seeded(1).Fill(bytes);
        for (int i = 3; i < bytes.Length; i += 4) bytes[i] = 0x3C;
        ByteSource source = ByteSource.Deferred("w", bytes.Length, _ =>
        {
            reads++;
            return bytes;
        });
        using Model model = new("memory", "memory", [new Tensor("w", ElementType.Float32, new TensorShape(10, 10), source)]);
        CompressionPlan plan = PlanBuilder.Build(model, new PlanOptions { Qp = -20 });
        RepeatedCompression repeated = new(model, threads: 1);
        repeated.Compress(plan, Stream.Null);
        int first = reads;

        repeated.Compress(plan, Stream.Null);
        Assert.Equal(first, reads);
        repeated.Compress(plan with { Tensors = [plan.Tensors[0] with { Qp = -24 }] }, Stream.Null);
        Assert.True(reads > first);
    }

    private static Tensor Weights(string name, int rows, Seeded random, int distinct = 0)
    {
        float[] values = new float[rows * 10];
        for (int i = 0; i < values.Length; i++) values[i] = distinct > 0 ? random.NextInt(distinct) : random.NextGaussian();
        return new Tensor(name, new TensorShape(rows, 10), values);
    }
}
