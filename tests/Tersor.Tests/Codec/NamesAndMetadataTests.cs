using Google.Protobuf;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Models.Safetensors;
using Tersor.Plans;
using Tersor.Tests.Models.Onnx;
using Tersor.Tests.Models.Onnx.Oracle;

namespace Tersor.Tests.Codec;

/// <summary>Names are text, not paths; what a file says besides its weights comes back.</summary>
public class NamesAndMetadataTests
{
    [Fact]
    public void A_graph_without_nodes_comes_back_with_all_that_it_holds()
    {
        TensorProto text = new() { Name = "text", DataType = (int)ElementType.String, Dims = { 1 }, StringData = { ByteString.CopyFromUtf8("hello") } };
        byte[] file = OnnxProtos.Model(OnnxProtos.Raw("w", ElementType.Float32, [40, 40]), text).ToByteArray();
        using OnnxModel model = OnnxModel.Open(ByteSource.FromMemory(file, "nodeless.onnx"));
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Lossless));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);
        using MemoryStream back = new();

        compressed.WriteOnnx(back);

        Assert.Equal(file, back.ToArray());
    }

    [Fact]
    public void Without_a_topology_a_scalar_comes_back_as_a_list_of_one_and_that_is_said()
    {
        Model model = CodecRun.Model(new Tensor("s", default, [1.5f]));
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Lossless, topology: TopologyCarriage.None));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);

        Assert.Equal("1", Assert.Single(compressed.ToModel().Tensors).Shape.ToString());
        Assert.Contains("'s': a scalar comes back as a list of one", Assert.Single(run.Report.Warnings), StringComparison.Ordinal);
    }

    private static readonly string[] Names =
        ["重み.ß", "with space", "a/b", "..", "../../etc/passwd", "C:\\x", "", "@", "a@bits:", "a@bits:float16", "a@bits:float16:xx", "@index:other", "w_G", "w_H", "tab\tnewline\n", "\U0001F600"];

    [Fact]
    public void Any_unicode_text_is_a_name()
    {
        foreach (TensorMethod method in CodecRun.Methods)
        {
            foreach (TopologyCarriage topology in Enum.GetValues<TopologyCarriage>())
            {
                Model model = CodecRun.Model([.. Names.Select((name, i) => new Tensor(name, new TensorShape(10, 8), CodecRun.Gaussian(80, 1, (ulong)i)))]);
                CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method, topology: topology));
                using CompressedModel compressed = CompressedModel.Open(run.Bytes);

                Assert.Equal(Names, compressed.ToModel().Tensors.Select(tensor => tensor.Name));
                Assert.All(Names, name => Assert.Equal(80, compressed.Decode(name).Length));
            }
        }
    }

    [Fact]
    public void What_a_stream_cannot_carry_is_refused_before_a_byte_is_written_and_all_at_once()
    {
        Tensor tensor = new("w", new TensorShape(1), [1f]);
        string[] names = ["a\0b", "x@index", "x@index:swapped", "@tables", "x@bits:float16:2x3", "x@bits:int4:scalar", "half \ud800", new string('n', 65_530)];
        Model model = CodecRun.Model(
            [.. names.Select(name => new Tensor(name, tensor.ElementType, tensor.Shape, tensor.Data)),
            new Tensor("deep", new TensorShape([.. Enumerable.Repeat(1L, 65)]), [1f]),
            new Tensor("text", ElementType.String, new TensorShape(1), ByteSource.FromMemory("a"u8.ToArray())),
            tensor]);
        using MemoryStream stream = new();

        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => ModelCompressor.Compress(model, CodecRun.Plan(model, TensorMethod.Raw), stream));

        Assert.Equal(0, stream.Length);
        Assert.Equal(10, error.Items.Count);
        Assert.Equal("tensor 0 'a\\0b': its name holds a zero byte, which ends a name in the stream; rename it", error.Items[0]);
        Assert.All(error.Items.Skip(1).Take(5), problem => Assert.Contains("names that end like this have a meaning in the stream (docs/nnc-files.md); rename it", problem, StringComparison.Ordinal));
        Assert.Contains("surrogate", error.Items[6], StringComparison.Ordinal);
        Assert.Contains("65536 bytes", error.Items[7], StringComparison.Ordinal);
        Assert.Equal("tensor 8 'deep': it has 65 dimensions, a stream at most 64; reshape it", error.Items[8]);
        Assert.Equal("tensor 9 'text': string has no fixed width; leave the tensor out", error.Items[9]);
    }

    [Fact]
    public void Metadata_and_element_types_of_safetensors_come_back()
    {
        using MemoryStream file = new();
        SafetensorsWriter.Write(CodecRun.Mixed(), file);
        using Model model = SafetensorsReader.Open(ByteSource.FromMemory(file.ToArray(), "model.safetensors"));
        foreach (TensorMethod method in CodecRun.Methods)
        {
            using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, CodecRun.Plan(model, method)).Bytes);
            Model back = compressed.ToModel();

            Assert.Equal(model.Metadata, back.Metadata);
            Assert.Equal(model.Tensors.Select(tensor => tensor.ToString()), back.Tensors.Select(tensor => tensor.ToString()));
            if (method.IsLossy()) continue;
            using MemoryStream again = new();
            SafetensorsWriter.Write(back, again);
            Assert.Equal(file.ToArray(), again.ToArray());
        }
    }

    [Fact]
    public void Without_topology_nothing_but_tensors_is_written()
    {
        Model model = CodecRun.Mixed();
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Lossless, topology: TopologyCarriage.None));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);

        Assert.Equal(TopologyFormat.None, compressed.Topology.Format);
        Assert.Empty(compressed.ToModel().Metadata);

        // The unit that every stream has, without content.
        Assert.Equal(6, run.Report.TopologyBytes);
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => compressed.WriteOnnx(Stream.Null));
        Assert.Contains("carries no ONNX graph", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sample_network_comes_back_byte_for_byte_by_exact_methods_and_with_its_graph_by_all()
    {
        string path = Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5.onnx");
        using OnnxModel model = OnnxModel.Open(path);
        foreach (TensorMethod method in CodecRun.Methods)
        {
            // Editions take turns: every method is round-tripped under both elsewhere.
            CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method, edition: 1 + ((int)method & 1)));
            ReportTests.AssertEveryByteIsCounted(run);
            Assert.True(run.Report.TopologyBytes > 100);
            using CompressedModel compressed = CompressedModel.Open(run.Bytes);
            using MemoryStream onnx = new();
            compressed.WriteOnnx(onnx);

            if (!method.IsLossy()) Assert.Equal(File.ReadAllBytes(path), onnx.ToArray());
            using OnnxModel back = OnnxModel.Open(ByteSource.FromMemory(onnx.ToArray()));
            Assert.Equal(model.Tensors.Select(tensor => tensor.ToString()), back.Tensors.Select(tensor => tensor.ToString()));
            Assert.Equal(model.Summary.NodeCount, back.Summary.NodeCount);
        }
    }

    [Fact]
    public void An_onnx_file_without_nodes_loses_no_tensor()
    {
        Model tensors = CodecRun.Mixed();
        Topology topology = OnnxTopology.FromTensors(tensors.Tensors.Select(tensor => (tensor.Name, tensor.ElementType, tensor.Shape)), tensors.Metadata);
        using OnnxModel model = OnnxModel.FromTopology(topology.Bytes, tensors.Find, "tensors.onnx");
        foreach (TensorMethod method in CodecRun.Methods)
        {
            using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, CodecRun.Plan(model, method)).Bytes);
            Model back = compressed.ToModel();

            Assert.Equal(tensors.Metadata, back.Metadata);
            Assert.Equal(tensors.Tensors.Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal), back.Tensors.Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal));
            if (!method.IsLossy()) Assert.All(tensors.Tensors, tensor => ExactRoundTripTests.AssertSame(tensor, back.Find(tensor.Name)!));
        }
    }
}
