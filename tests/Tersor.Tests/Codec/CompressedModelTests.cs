using System.Buffers;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Nnc;
using Tersor.Plans;

namespace Tersor.Tests.Codec;

/// <summary>Reading a compressed model: by name, from several threads, whole, and after it is closed.</summary>
public class CompressedModelTests
{
    private static readonly Model Source = CodecRun.Mixed();
    private static readonly byte[] Stream = CodecRun.Of(Source, CodecRun.Plan(Source, TensorMethod.Uniform)).Bytes;

    [Fact]
    public void A_tensor_is_decoded_by_name_alone()
    {
        using CompressedModel compressed = CompressedModel.Open(Stream);
        float[] values = compressed.Decode("fc.weight");
        float[] own = new float[1200];
        compressed.Decode("fc.weight", own);

        Assert.Equal(values, own);
        Assert.Equal("40x30", compressed.Find("fc.weight")!.Shape.ToString());
        Assert.Equal([.. Enumerable.Range(0, 30).Select(i => (float)(i * i))], compressed.Decode("steps"));
        Assert.Null(compressed.Find("none"));
    }

    [Fact]
    public void A_tensor_that_the_topology_keeps_is_decoded_by_name_too()
    {
        using Model lenet = OnnxModel.Open(Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5.onnx"));
        using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(lenet, PlanBuilder.Build(lenet, new PlanOptions())).Bytes);
        float[] own = new float[10];
        compressed.Decode("fc2.bias", own);

        Assert.Null(compressed.Find("fc2.bias"));
        Assert.Equal(lenet.Find("fc2.bias")!.ReadSingles(), compressed.Decode("fc2.bias"));
        Assert.Equal(lenet.Find("fc2.bias")!.ReadSingles(), own);
        Assert.Throws<ArgumentException>(() => compressed.Decode("fc2.bias", new float[9]));
    }

    [Fact]
    public void Mistakes_of_the_caller_are_named()
    {
        using CompressedModel compressed = CompressedModel.Open(Stream);

        Assert.Contains("'none'", Assert.Throws<KeyNotFoundException>(() => compressed.Decode("none")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => compressed.Decode(null!));
        Assert.StartsWith("Tensor 'fc.weight' has 1200 elements, the destination 1199.", Assert.Throws<ArgumentException>(() => compressed.Decode("fc.weight", new float[1199])).Message, StringComparison.Ordinal);
        Assert.Contains("int32", Assert.Throws<InvalidOperationException>(() => compressed.Decode("steps", new float[30])).Message, StringComparison.Ordinal);
        Assert.Contains("int64", Assert.Throws<InvalidOperationException>(() => compressed.Decode("ids")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => CompressedModel.Open((ByteSource)null!));
        Assert.Throws<ArgumentNullException>(() => CompressedModel.Open((string)null!));
        Assert.Throws<FileNotFoundException>(() => CompressedModel.Open(Path.Combine(Path.GetTempPath(), "no-such-file.nnc")));
    }

    [Fact]
    public async Task Several_threads_may_decode_at_once()
    {
        Model shared = CodecRun.Model([.. Enumerable.Range(0, 6).Select(i => new Tensor("t" + i, new TensorShape(50, 40), [.. Enumerable.Range(0, 2000).Select(at => at * (i + 3) % 17 * 0.5f)]))]);
        using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(shared, CodecRun.Plan(shared, TensorMethod.Shared)).Bytes);
        Assert.NotNull(compressed.Reader.Find(StreamNames.Tables));

        float[][] decoded = await Task.WhenAll(Enumerable.Range(0, 48).Select(i => compressed.DecodeAsync("t" + (i % 6))));

        for (int i = 0; i < decoded.Length; i++) Assert.Equal(shared.Tensors[i % 6].ReadSingles(), decoded[i]);
    }

    [Fact]
    public void A_whole_model_is_the_same_at_any_number_of_threads()
    {
        using CompressedModel compressed = CompressedModel.Open(Stream);
        Model one = compressed.ToModel();
        foreach (int threads in (int[])[0, 2, 3, 8])
        {
            Model several = compressed.ToModel(threads);
            Assert.Equal(one.Metadata, several.Metadata);
            Assert.Equal(one.Tensors.Count, several.Tensors.Count);

            // Twice, and in reverse: what was decoded ahead is forgotten once fetched.
            foreach (Tensor tensor in one.Tensors.Concat(one.Tensors.Reverse())) ExactRoundTripTests.AssertSame(tensor, several.Find(tensor.Name)!);
        }
    }

    [Fact]
    public async Task Onnx_is_the_same_by_buffer_by_stream_and_by_task()
    {
        using Model lenet = OnnxModel.Open(Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5.onnx"));
        using MemoryStream file = new(CodecRun.Of(lenet, CodecRun.Plan(lenet, TensorMethod.Lossless)).Bytes);
        using CompressedModel compressed = await CompressedModel.OpenAsync(file);
        ArrayBufferWriter<byte> buffer = new();
        compressed.WriteOnnx(buffer, threads: 2);
        using MemoryStream stream = new();
        compressed.WriteOnnx(stream);
        using MemoryStream task = new();
        List<ModelProgress> steps = [];
        await compressed.WriteOnnxAsync(task, threads: 3, new Steps(steps));

        Assert.Equal(File.ReadAllBytes(lenet.Source), stream.ToArray());
        Assert.Equal(stream.ToArray(), buffer.WrittenSpan.ToArray());
        Assert.Equal(stream.ToArray(), task.ToArray());
        CancellationTests.AssertMonotone(steps);
    }

    [Fact]
    public void Limits_of_the_caller_hold()
    {
        Model model = CodecRun.Mixed();
        byte[] stream = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Uniform)).Bytes;
        using CompressedModel open = CompressedModel.Open(stream);
        Assert.Equal(TopologyFormat.Onnx, open.Topology.Format);
        using CompressedModel limited = CompressedModel.Open(stream, options: new NncReadOptions { MaxTopologyBytes = 1 });
        Assert.Throws<ResourceLimitException>(() => limited.Topology);
    }

    [Fact]
    public async Task Opening_from_a_stream_needs_no_seeking_and_can_be_cancelled()
    {
        using MemoryStream bytes = new(Stream);
        using BufferedStream buffered = new(bytes);
        using CompressedModel compressed = await CompressedModel.OpenAsync(buffered);
        Assert.Equal(1200, compressed.Decode("fc.weight").Length);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CompressedModel.OpenAsync(new MemoryStream(Stream), cancellationToken: new CancellationToken(canceled: true)));
        await Assert.ThrowsAsync<ArgumentNullException>(() => CompressedModel.OpenAsync(null!));
    }

    [Fact]
    public void As_coded_a_stream_shows_the_same_tensors_where_nothing_is_to_be_multiplied_out()
    {
        using CompressedModel composed = CompressedModel.Open(Stream);
        using CompressedModel coded = CompressedModel.Open(Stream, asCoded: true);

        Assert.Equal(composed.Tensors.Select(tensor => tensor.ToString()), coded.Tensors.Select(tensor => tensor.ToString()));
        foreach (Tensor tensor in composed.ToModel().Tensors) ExactRoundTripTests.AssertSame(tensor, coded.ToModel().Find(tensor.Name)!);
    }

    [Fact]
    public void As_coded_the_factors_of_a_weight_and_its_scaling_stand_for_themselves()
    {
        NncStreamSettings settings = NncStreamSettings.Default;
        LevelRule rule = LevelRule.Uniform(0, dependent: false);
        LevelTensor[] block =
        [
            new("w_G", new TensorShape(2, 1), [3, 5], rule, NncTensorRole.LeftFactor),
            new("w_H", new TensorShape(1, 3), [1, 2, 4], rule, NncTensorRole.RightFactor),
            new("s", new TensorShape(2), [1, 10], rule, NncTensorRole.LocalScaling),
        ];
        using MemoryStream stream = new();
        new NncWriter(stream, settings).Write(NncUnitEncoder.EncodeBlock(block, settings, NncUnitOptions.Default with { DecomposedShape = new TensorShape(2, 3) }));
        using CompressedModel composed = CompressedModel.Open(stream.ToArray());
        using CompressedModel coded = CompressedModel.Open(stream.ToArray(), asCoded: true);

        CompressedTensor weight = Assert.Single(composed.Tensors);
        Assert.Equal("w float32 2x3", weight.ToString());
        Assert.Equal([3f, 6f, 12f, 50f, 100f, 200f], composed.Decode("w"));
        Assert.Equal(["s", "w_G", "w_H"], weight.Parts.Select(part => part.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["s", "w_G", "w_H"], coded.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        Assert.Equal([3f, 5f], coded.Decode("w_G"));
        Assert.Equal([1f, 10f], coded.Decode("s"));
    }

    [Fact]
    public void A_file_is_closed_with_the_model_and_a_source_stays_its_owners()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["m.nnc"], Stream);
        CompressedModel file = CompressedModel.Open(folder["m.nnc"]);
        Model model = file.ToModel();
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Decode("fc.weight"));
        Assert.Throws<ObjectDisposedException>(() => model.Find("fc.weight")!.Data.ReadAll());

        using ByteSource source = ByteSource.FromFile(folder["m.nnc"]);
        CompressedModel.Open(source).Dispose();
        Assert.Equal(0, source.ReadAll().Span[0]);
        Model owner = new NncFormat().Open(folder["m.nnc"], ModelReadOptions.Default);
        Assert.Equal(1200, owner.Find("fc.weight")!.ReadSingles().Length);
        owner.Dispose();
        Assert.Throws<ObjectDisposedException>(() => owner.Find("fc.weight")!.ReadSingles());
    }

    [Fact]
    public void A_file_that_does_not_open_is_not_kept_open()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["bad.nnc"], Stream[..^3]);
        Assert.Throws<ModelFormatException>(() => CompressedModel.Open(folder["bad.nnc"]));
        using FileStream exclusive = new(folder["bad.nnc"], FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.True(exclusive.Length > 0);
    }

    private sealed class Steps(List<ModelProgress> steps) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => steps.Add(value);
    }
}
