using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Tests.Codec;

/// <summary>What was decoded and written makes room for the next.</summary>
public class DecodeBuffersTests
{
    private const int Length = 1 << 17;

    [Fact]
    public void An_array_that_came_back_is_given_out_where_it_fits()
    {
        DecodeBuffers buffers = new(maxIdleBytes: 4 * Length);
        byte[] first = buffers.Rent(Length);
        byte[] second = buffers.Rent(Length + (Length / 8));
        Assert.NotSame(first, buffers.Rent(Length));
        buffers.Return(second);
        buffers.Return(first);

        Assert.Same(first, buffers.Rent(Length));
        Assert.Same(second, buffers.Rent(Length));
        buffers.Return(first);
        Assert.NotSame(first, buffers.Rent(Length + 1));
        Assert.NotSame(first, buffers.Rent(Length / 2));
    }

    [Fact]
    public void What_is_kept_is_bounded_and_the_oldest_goes()
    {
        DecodeBuffers buffers = new(maxIdleBytes: 2 * Length);
        byte[][] arrays = [buffers.Rent(Length), buffers.Rent(Length), buffers.Rent(Length)];
        foreach (byte[] array in arrays) buffers.Return(array);
        buffers.Return(new byte[3 * Length]);

        Assert.Same(arrays[1], buffers.Rent(Length));
        Assert.Same(arrays[2], buffers.Rent(Length));
        Assert.NotSame(arrays[0], buffers.Rent(Length));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_model_of_many_tensors_is_written_through_a_few_arrays(int threads)
    {
        const int Count = 40;
        Model model = CodecRun.Model([.. Enumerable.Range(0, Count).Select(i => CodecRun.Floats("t" + i, 0.1f, 200, 200))]);
        byte[] compressed = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Uniform)).Bytes;
        using CompressedModel open = CompressedModel.Open(compressed);
        Model decoded = open.ToModel(threads);
        CopyAll(decoded);

        // With two threads the other one decodes, and what it allocates is not seen here.
        Assert.InRange(AllocatedByThisThread(() => CopyAll(decoded)), 0, Count * 160_000 / 3);
        Assert.All(decoded.Tensors.Zip(model.Tensors), pair => Assert.Equal(open.Decode(pair.Second.Name), pair.First.ReadSingles()));
    }

    private static void CopyAll(Model model)
    {
        foreach (Tensor tensor in model.Tensors) tensor.Data.CopyTo(Stream.Null);
    }

    private static long AllocatedByThisThread(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
