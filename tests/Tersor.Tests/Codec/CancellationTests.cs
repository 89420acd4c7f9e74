using Tersor.Codec;
using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Tests.Codec;

/// <summary>Stopping leaves nothing behind, and progress goes forward.</summary>
public class CancellationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Stopping_midway_leaves_no_file(int threads)
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource stop = new();
        Model model = CodecRun.Mixed();
        CallBack onStep = new(step =>
        {
            if (step.Item == "conv.weight") stop.Cancel();
        });

        OperationCanceledException error = Assert.ThrowsAny<OperationCanceledException>(
            () => ModelCompressor.Compress(model, CodecRun.Plan(model, TensorMethod.Trellis), folder["m.nnc"], overwrite: false, threads, onStep, cancellationToken: stop.Token));

        Assert.Equal(stop.Token, error.CancellationToken);
        Assert.Empty(folder.FileNames);
    }

    [Fact]
    public void A_file_that_is_there_survives_a_stop_and_is_not_replaced_unasked()
    {
        using TemporaryFolder folder = new();
        Model model = CodecRun.Mixed();
        CompressionPlan plan = CodecRun.Plan(model, TensorMethod.Raw);
        File.WriteAllText(folder["m.nnc"], "before");

        Assert.Throws<IOException>(() => ModelCompressor.Compress(model, plan, folder["m.nnc"]));
        Assert.ThrowsAny<OperationCanceledException>(() => ModelCompressor.Compress(model, plan, folder["m.nnc"], overwrite: true, cancellationToken: new CancellationToken(canceled: true)));
        Assert.Equal("before", File.ReadAllText(folder["m.nnc"]));
        ModelCompressor.Compress(model, plan, folder["m.nnc"], overwrite: true);
        Assert.Equal(CodecRun.Of(model, plan).Bytes, File.ReadAllBytes(folder["m.nnc"]));
        Assert.Equal(["m.nnc"], folder.FileNames);
    }

    [Theory]
    [InlineData(TensorMethod.Uniform, 1)]
    [InlineData(TensorMethod.UniformRdo, 1)]
    [InlineData(TensorMethod.TrellisRdo, 1)]
    [InlineData(TensorMethod.TrellisRdo, 2)]
    [InlineData(TensorMethod.Codebook, 1)]
    [InlineData(TensorMethod.Integer, 1)]
    [InlineData(TensorMethod.Shared, 1)]
    public void Stopping_inside_a_tensor_does_not_wait_for_its_coding_and_leaves_no_file(TensorMethod method, int threads)
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource stop = new();
        byte[] bytes = method == TensorMethod.Integer ? new byte[4 << 12] : CodecRun.BytesOf(CodecRun.Model(new Tensor("w", new TensorShape(64, 64), [.. Enumerable.Range(0, 4096).Select(i => i % 7 * 0.5f)])), "w");
        int reads = 0;
        Tensor only = new("w", method == TensorMethod.Integer ? ElementType.Int32 : ElementType.Float32, new TensorShape(64, 64), ByteSource.Deferred("made", bytes.Length, _ =>
        {
            reads++;
            stop.Cancel();
            return bytes;
        }));
        Model model = CodecRun.Model(only);
        List<ModelProgress> steps = [];

        Assert.ThrowsAny<OperationCanceledException>(
            () => ModelCompressor.Compress(model, CodecRun.Plan(model, method), folder["m.nnc"], overwrite: false, threads, new CallBack(steps.Add), cancellationToken: stop.Token));

        Assert.Empty(steps);
        Assert.Equal(1, reads);
        Assert.Empty(folder.FileNames);
    }

    [Fact]
    public void Coding_and_searching_look_at_the_token_too()
    {
        CancellationToken stopped = new(canceled: true);
        LevelSyntax syntax = new() { Dialect = NncDialect.EditionTwo, RowCount = 4, RowLength = 8, GreaterFlagCount = 4 };
        int[] levels = [.. Enumerable.Range(0, 32).Select(i => i % 5)];
        Assert.ThrowsAny<OperationCanceledException>(() => LevelEncoder.Encode(new ArithmeticEncoder(), syntax, new LevelEncoderOptions(), [], [], levels, null, stopped));
        Assert.ThrowsAny<OperationCanceledException>(
            () => LevelSyntaxSearch.Choose(syntax, new LevelSyntaxFreedom { GreaterFlagCount = true }, [], [], levels, new ParallelOptions { CancellationToken = stopped }));
        Assert.ThrowsAny<OperationCanceledException>(() => CodebookQuantizer.Design([1, 2, 3, 4], 0.1, 2, keepZeros: false, cancellationToken: stopped));
        Assert.ThrowsAny<OperationCanceledException>(() => KMeans.FindCentroids([1, 2, 3, 4], 2, CentroidInitialization.Optimal, cancellationToken: stopped));
        Assert.ThrowsAny<OperationCanceledException>(() => SharedValueTable.TryBuild([1, 2], 2, out _, out _, stopped));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Progress_names_each_tensor_in_order_and_ends_at_the_total(int threads)
    {
        Model model = CodecRun.Mixed();
        List<ModelProgress> steps = [];
        ModelCompressor.Compress(model, CodecRun.Plan(model, TensorMethod.Uniform), Stream.Null, threads, new CallBack(steps.Add));
        Assert.Equal(model.Tensors.Select(tensor => (string?)tensor.Name), steps.Select(step => step.Item));
        AssertMonotone(steps);
        Assert.Equal(steps[^1].Total, steps[^1].Done);

        steps.Clear();
        PlanBuilder.Build(model, new PlanOptions(), threads, new CallBack(steps.Add));
        Assert.Equal(model.Tensors.Select(tensor => (string?)tensor.Name), steps.Select(step => step.Item));
        AssertMonotone(steps);
    }

    [Fact]
    public async Task A_task_is_cancelled_not_faulted()
    {
        Model model = CodecRun.Mixed();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ModelCompressor.CompressAsync(model, CodecRun.Plan(model, TensorMethod.Raw), Stream.Null, cancellationToken: new CancellationToken(canceled: true)));
        Assert.ThrowsAny<OperationCanceledException>(() => PlanBuilder.Build(model, new PlanOptions(), cancellationToken: new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_source_that_turns_out_damaged_says_so_itself(int threads)
    {
        ModelFormatException damage = new("w.bin", "tensor 'b'", 7, "it is damaged");
        Model model = CodecRun.Model(
            CodecRun.Floats("a", 1, 20, 20),
            new Tensor("b", ElementType.Float32, new TensorShape(20, 20), ByteSource.Deferred("w.bin", 1600, _ => throw damage)),
            CodecRun.Floats("c", 1, 20, 20));

        Assert.Same(damage, Assert.Throws<ModelFormatException>(() => PlanBuilder.Build(model, new PlanOptions(), threads)));
        Assert.Same(damage, Assert.Throws<ModelFormatException>(() => ModelCompressor.Compress(model, CodecRun.Plan(model, TensorMethod.Uniform), Stream.Null, threads)));
    }

    internal static void AssertMonotone(IReadOnlyList<ModelProgress> steps)
    {
        Assert.NotEmpty(steps);
        Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.True(pair.First.Done <= pair.Second.Done));
        Assert.All(steps, step => Assert.InRange(step.Done, 0, step.Total));
    }

    private sealed class CallBack(Action<ModelProgress> onStep) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => onStep(value);
    }
}
