using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Tests.Codec;

/// <summary>Memory follows the largest tensors, not the model.</summary>
public class BoundedMemoryTests
{
    [Fact]
    public void Of_many_tensors_only_as_many_are_in_memory_as_the_bound_allows()
    {
        const int Count = 24;
        TensorShape shape = new(2048, 1024);
        int read = 0;
        int written = 0;
        int most = 0;
        Virtual weights = new(4 * shape.ElementCount, () =>
        {
            int alive = Interlocked.Increment(ref read) - Volatile.Read(ref written);
            InterlockedMax(ref most, alive);
        });
        Model model = CodecRun.Model([.. Enumerable.Range(0, Count).Select(i => new Tensor("t" + i, ElementType.Float32, shape, weights))]);
        CompressionPlan plan = new()
        {
            Tensors = [.. model.Tensors.Select(tensor => new TensorPlan { Name = tensor.Name, Method = TensorMethod.Uniform, Qp = -20, GreaterFlags = 10, Scan = 0, RowSkipping = true })],
        };

        CompressionReport report = ModelCompressor.Compress(model, plan, Stream.Null, threads: 2, new CallBack(() => Interlocked.Increment(ref written)));

        Assert.Equal((Count, Count, Count), (report.Tensors.Count, read, written));
        long allowed = OrderedWork.DefaultMaxBytesInFlight / TensorEncoder.MemoryNeeded(model.Tensors[0]);
        Assert.InRange(most, 1, allowed);
        Assert.InRange(allowed, 2, Count / 2);
    }

    [Fact]
    public void The_estimate_is_that_of_the_largest_tensors()
    {
        Tensor Make(string name, long rows) => new(name, ElementType.Float32, new TensorShape(rows, 1024), new Virtual(rows * 4096, () => { }));
        Model small = CodecRun.Model(Make("a", 1000), Make("b", 10));
        Model large = CodecRun.Model([.. Enumerable.Range(0, 1000).Select(i => Make("t" + i, 10_000))]);
        Model huge = CodecRun.Model(Make("a", 1_000_000), Make("b", 1_000_000));

        Assert.Equal(16L * 1000 * 1024, ModelCompressor.EstimateMemory(small, threads: 1));
        Assert.Equal(16L * 1010 * 1024, ModelCompressor.EstimateMemory(small, threads: 8));
        Assert.Equal(256L << 20, ModelCompressor.EstimateMemory(large, threads: 8));
        Assert.Equal(16L * 1_000_000 * 1024, ModelCompressor.EstimateMemory(huge, threads: 8));
        Assert.Equal(0, ModelCompressor.EstimateMemory(CodecRun.Model(), threads: 2));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (seen < value && Interlocked.CompareExchange(ref target, value, seen) is int other && other != seen) seen = other;
    }

    /// <summary>Zeros that are nowhere.</summary>
    private sealed class Virtual(long length, Action onStart) : ByteSource
    {
        public override string Name => "virtual";

        public override long Length => length;

        public override void Read(long offset, Span<byte> destination)
        {
            if (offset == 0) onStart();
            destination.Clear();
        }
    }

    private sealed class CallBack(Action onStep) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => onStep();
    }
}
