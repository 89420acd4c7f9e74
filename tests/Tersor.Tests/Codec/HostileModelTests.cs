using Tersor.Codec;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Nnc;
using Tersor.Nnc.Syntax;
using Tersor.Plans;

namespace Tersor.Tests.Codec;

/// <summary>Damaged and hostile files through the door that everyone uses: only the documented exceptions come out, and memory is paid for by bytes.</summary>
public class HostileModelTests
{
    [Fact]
    public void Every_prefix_of_a_compressed_model_ends_in_success_or_a_clear_error()
    {
        foreach (byte[] stream in SmallStreams())
        {
            foreach (byte[] prefix in Mutations.Truncations(stream)) Attack(prefix);
        }
    }

    [Fact]
    public void A_stream_cut_between_its_units_says_what_is_missing_where()
    {
        using Model lenet = OnnxModel.Open(Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5.onnx"));
        byte[] stream = CodecRun.Of(lenet, PlanBuilder.Build(lenet, new PlanOptions())).Bytes;
        using CompressedModel whole = CompressedModel.Open(stream);
        foreach (CompressedTensor tensor in whole.Tensors)
        {
            int end = (int)tensor.Parts[0].UnitOffset;
            using CompressedModel cut = CompressedModel.Open(stream.AsMemory(0, end));

            ModelFormatException error = Assert.Throws<ModelFormatException>(() => cut.ToModel());

            Assert.Equal(($"tensor '{tensor.Name}'", (long)end), (error.Item, error.Offset));
            Assert.Contains($"tensor '{tensor.Name}' is missing", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_dimension_that_no_reader_takes_is_refused_before_anything_is_written()
    {
        Model model = CodecRun.Model(new Tensor("t", ElementType.Float32, new TensorShape(0, 1L << 53), ByteSource.FromMemory(default)));

        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => ModelCompressor.Check(model, CodecRun.Plan(model, TensorMethod.Lossless)));

        Assert.Contains("tensor 0 't'", error.Message, StringComparison.Ordinal);
        Assert.Contains("reshape it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Seeded_mutations_of_compressed_models_end_in_success_or_a_clear_error()
    {
        ulong seed = 1;
        foreach (byte[] stream in SmallStreams())
        {
            foreach (byte[] mutation in Mutations.Random(stream, seed++, 600)) Attack(mutation);
        }
    }

    [Theory]
    [InlineData("w", NncPayloadType.Float)]
    [InlineData("w", NncPayloadType.RawFloat)]
    [InlineData("w", NncPayloadType.Integer)]
    [InlineData("w@index", NncPayloadType.Integer)]
    [InlineData("w@index:swapped", NncPayloadType.Integer)]
    [InlineData("@tables", NncPayloadType.Integer)]
    public void A_tiny_file_that_declares_a_huge_tensor_allocates_next_to_nothing(string name, NncPayloadType payloadType)
    {
        long[][] shapes = [[1L << 20, 1L << 20], [1L << 31, 1L << 31], [1L << 15, 1L << 15], [1L << 40, 1], [1, 1L << 30], [(1L << 62) - 1], [1L << 29, 4], [1L << 31]];
        foreach (long[] shape in shapes)
        {
            foreach (int profile in (int[])[0, 1])
            {
                byte[] tables = Unit(profile, StreamNames.Tables, NncPayloadType.Integer, [2], [0x80]);
                byte[] index = Unit(profile, "x@index", NncPayloadType.Integer, [2], [0x80]);
                byte[] declared = Unit(profile, name, payloadType, shape, [0x12, 0x34, 0x56, 0x80]);
                byte[] stream = Nnc.Streams.Join(profile, Nnc.Streams.Parameters, declared, name == StreamNames.Tables ? index : tables);
                long before = GC.GetAllocatedBytesForCurrentThread();

                Exception? error = Record.Exception(() => ReadEverything(stream));

                Assert.True(error is ModelFormatException or ResourceLimitException, $"{name} {string.Join('x', shape)}: {error}");
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
            }
        }
    }

    [Theory]
    [InlineData("w@bits:float16:1073741824x4", 4)]
    [InlineData("w@bits:complex128:36028797018963967", 4)]
    [InlineData("w@bits:float16:9223372036854775807", 4)]
    [InlineData("w@bits:float16:99999999999999999999", 4)]
    [InlineData("w@bits:float16:4294967296x4294967296x2", 4)]
    [InlineData("w@bits:int4:4294967296x0", 0)]
    public void A_name_that_promises_more_than_its_unit_holds_is_but_a_name(string name, int bytes)
    {
        byte[] stream = Nnc.Streams.Join(1, Nnc.Streams.Parameters, Unit(1, name, NncPayloadType.RawFloat, [bytes / 4], new byte[bytes]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        using CompressedModel compressed = CompressedModel.Open(stream);

        Tensor tensor = Assert.Single(compressed.ToModel().Tensors);

        Assert.Equal(bytes == 0 ? "w" : name, tensor.Name);
        Assert.Equal(bytes, tensor.Data.ReadAll().Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(0L, 5_000_000_000L)]
    [InlineData(5_000_000_000L, 0L)]
    [InlineData(0L, 0L)]
    public void A_swapped_index_of_no_elements_is_a_tensor_of_none(long first, long second)
    {
        // Two counts of zero: an empty table.
        byte[] tables = Nnc.Streams.IntegerUnit(StreamNames.Tables, 0, 0);
        byte[] stream = Nnc.Streams.Join(1, Nnc.Streams.Parameters, Unit(1, "w@index:swapped", NncPayloadType.Integer, [first, second], [0x80]), tables);

        Exception? error = Record.Exception(() => ReadEverything(stream));

        Assert.True(error is null or ModelFormatException or ResourceLimitException, error?.ToString());
    }

    [Fact]
    public void An_index_beyond_its_table_is_reported_with_tensor_and_place()
    {
        byte[] stream = Nnc.Streams.Join(1, Nnc.Streams.Parameters, Nnc.Streams.IntegerUnit("w@index", 0, 1, 5, 0), Nnc.Streams.IntegerUnit(StreamNames.Tables, 0, 2, 0, 1));
        using CompressedModel compressed = CompressedModel.Open(stream);

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => compressed.Decode("w"));

        Assert.Equal("tensor 'w'", error.Item);
        Assert.Contains("element 2 has index 5, which is not in the table", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_that_are_missing_or_too_many_leave_ordinary_tensors_or_a_clear_error()
    {
        byte[] index = Nnc.Streams.IntegerUnit("w@index", 0, 1);
        using CompressedModel without = CompressedModel.Open(Nnc.Streams.Join(1, Nnc.Streams.Parameters, index));
        Assert.Equal("w@index int32 2", Assert.Single(without.Tensors).ToString());

        using CompressedModel tooMany = CompressedModel.Open(Nnc.Streams.Join(1, Nnc.Streams.Parameters, index, Nnc.Streams.IntegerUnit(StreamNames.Tables, 0, 2, 0, 1, 7)));
        Assert.Contains("does not hold 1 tables", Assert.Throws<ModelFormatException>(() => tooMany.Decode("w")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_units_that_make_the_same_tensor_are_refused()
    {
        byte[] stream = Nnc.Streams.Join(
            1, Nnc.Streams.Parameters, Nnc.Streams.IntegerUnit("w", 1), Nnc.Streams.IntegerUnit("w@index", 0), Nnc.Streams.IntegerUnit(StreamNames.Tables, 0, 1, 0));
        Assert.Contains("occurs twice", Assert.Throws<ModelFormatException>(() => CompressedModel.Open(stream)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_topology_that_does_not_fit_its_tensors_names_all_that_is_amiss()
    {
        Topology topology = OnnxTopology.FromTensors([("a", ElementType.Float16, new TensorShape(2)), ("b", ElementType.Float32, new TensorShape(1L << 14, 1L << 14)), ("c", ElementType.Int8, new TensorShape(1))]);
        NncStreamSettings settings = NncStreamSettings.Default;
        byte[] stream = Nnc.Streams.Write(
            settings,
            topology,
            NncUnitEncoder.EncodeRaw("a", new TensorShape(3), ByteSource.FromMemory(new byte[12]), settings, NncUnitOptions.Default),
            NncUnitEncoder.Encode(new LevelTensor("c", new TensorShape(1), [300], LevelRule.Integer), settings, NncUnitOptions.Default));
        using CompressedModel compressed = CompressedModel.Open(stream);
        long before = GC.GetAllocatedBytesForCurrentThread();

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => compressed.ToModel());

        Assert.Contains("'a'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'b'", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void A_topology_inflates_no_further_than_deflate_can_and_is_not_believed_in_vain()
    {
        byte[] stream = Nnc.Streams.Write(NncStreamSettings.Default, new Topology(TopologyFormat.Onnx, new byte[8 << 20]));
        Assert.InRange(stream.Length, 1, 20_000);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ModelFormatException>(() => ReadEverything(stream));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * (8L << 20));
    }

    /// <summary>Small files with graph, list of types, shared tables, bytes of other types, codebooks; in both editions.</summary>
    private static IEnumerable<byte[]> SmallStreams()
    {
        Seeded random = new(4);
        Model model = new(
            "memory",
            "memory",
            [
                CodecRun.Floats("w", 1, 6, 5),
                new Tensor("s", new TensorShape(12, 10), [.. Enumerable.Range(0, 120).Select(i => i % 10 * 0.5f)]),
                new Tensor("t", new TensorShape(40), [.. Enumerable.Range(0, 40).Select(_ => random.NextInt(3) * 1f)]),
                CodecRun.Of("h", ElementType.Float16, new TensorShape(3), (Half)1, (Half)2, (Half)3),
                CodecRun.Of("i", ElementType.Int64, new TensorShape(5), 1L, 2L, 3L, 4L, 1L << 40),
                CodecRun.Of("j", ElementType.Int16, new TensorShape(20), [.. Enumerable.Range(0, 20).Select(i => (short)(i % 3))]),
            ],
            new Dictionary<string, string> { ["key"] = "value" });
        foreach (int edition in (int[])[1, 2])
        {
            foreach (TensorMethod method in (TensorMethod[])[TensorMethod.Lossless, TensorMethod.Codebook, TensorMethod.TrellisRdo])
                yield return CodecRun.Of(model, CodecRun.Plan(model, method, edition: edition)).Bytes;
        }

        byte[] onnx = OnnxGraph();
        using OnnxModel graph = OnnxModel.Open(ByteSource.FromMemory(onnx, "graph.onnx"));
        yield return CodecRun.Of(graph, CodecRun.Plan(graph, TensorMethod.Uniform)).Bytes;
    }

    private static byte[] OnnxGraph()
    {
        Tersor.Tests.Models.Onnx.Oracle.ModelProto proto = new() { IrVersion = 8, Graph = new() { Name = "g" } };
        proto.Graph.Initializer.Add(Models.Onnx.OnnxProtos.Raw("w", ElementType.Float32, [4, 5], Models.Onnx.OnnxProtos.Singles(CodecRun.Gaussian(20, 1, 1))));
        proto.Graph.Initializer.Add(Models.Onnx.OnnxProtos.Raw("h", ElementType.Float16, [4]));
        Tersor.Tests.Models.Onnx.Oracle.NodeProto node = new() { OpType = "Identity" };
        node.Input.Add("w");
        node.Output.Add("y");
        proto.Graph.Node.Add(node);
        return Google.Protobuf.MessageExtensions.ToByteArray(proto);
    }

    private static byte[] Unit(int profile, string name, NncPayloadType payloadType, long[] dimensions, byte[] payload)
    {
        CompressedDataHeader header = new() { PayloadType = payloadType, Names = [name], Dimensions = dimensions };
        return Nnc.Streams.Unit(NncUnitType.CompressedData, body =>
        {
            header.Write(body, profile, parentSignalling: false, []);
            body.WriteBytes(payload);
        });
    }

    private static void Attack(byte[] stream)
    {
        try
        {
            ReadEverything(stream);
        }
        catch (Exception e) when (e is ModelFormatException or UnsupportedModelException or ResourceLimitException)
        {
            Assert.NotEmpty(e.Message);
        }
        catch (Exception e)
        {
            Assert.Fail($"{e.GetType().Name} for {Convert.ToHexString(stream)}: {e}");
        }
    }

    private static void ReadEverything(byte[] stream)
    {
        using CompressedModel compressed = CompressedModel.Open(stream);
        foreach (CompressedTensor tensor in compressed.Tensors)
        {
            if (tensor.ElementType == ElementType.Float32) compressed.Decode(tensor.Name);
        }

        foreach (Tensor tensor in compressed.ToModel().Tensors) tensor.Data.ReadAll();
        using CompressedModel coded = CompressedModel.Open(stream, asCoded: true);
        foreach (Tensor tensor in coded.ToModel(threads: 1).Tensors) tensor.Data.ReadAll();
    }
}
