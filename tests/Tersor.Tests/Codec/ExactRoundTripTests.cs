using System.Runtime.InteropServices;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Tests.Codec;

/// <summary>What is kept exactly comes back bit for bit, whatever its type, shape or values.</summary>
public class ExactRoundTripTests
{
    private static readonly TensorMethod[] ExactMethods =
        [TensorMethod.Lossless, TensorMethod.Topology, TensorMethod.Integer, TensorMethod.Shared, TensorMethod.Raw];

    public static TheoryData<ElementType> NumericTypes => [.. ElementTypes.All.Where(type => type.IsNumeric())];

    [Theory]
    [MemberData(nameof(NumericTypes))]
    public void Every_element_type_comes_back_by_every_exact_method(ElementType type)
    {
        foreach (TensorMethod method in ExactMethods)
        {
            foreach (TensorShape shape in new[] { new TensorShape(5, 7), default, new TensorShape(3), new TensorShape(0, 4) })
                AssertExact(CodecRun.Model(Random("t", type, shape)), method);
        }
    }

    [Theory]
    [MemberData(nameof(NumericTypes))]
    public void Without_topology_what_is_no_integer_comes_back_as_it_was(ElementType type)
    {
        Model model = CodecRun.Model(Random("t", type, new TensorShape(5, 7)));
        foreach (int edition in (int[])[1, 2])
        {
            CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Lossless, edition: edition, topology: TopologyCarriage.None));
            using CompressedModel compressed = CompressedModel.Open(run.Bytes);
            Assert.Equal(TopologyFormat.None, compressed.Topology.Format);
            Tensor back = Assert.Single(compressed.ToModel().Tensors);
            if (run.Report.Tensors[0].Method == TensorMethod.Integer && type != ElementType.Int32)
            {
                Assert.Equal(ElementType.Int32, back.ElementType);
                Assert.Equal([$"tensor 't': {type.Name()} comes back as int32, as nothing but a topology can say its type"], run.Report.Warnings);
                Assert.Equal(IntegerElements.TryRead(model.Tensors[0]), IntegerElements.TryRead(back));
            }
            else
            {
                Assert.Empty(run.Report.Warnings);
                AssertSame(model.Tensors[0], back);
            }
        }
    }

    [Fact]
    public void Integers_of_any_width_are_coded_when_32_bits_hold_them_and_kept_as_bytes_when_not()
    {
        int[] small = [.. Enumerable.Range(0, 64).Select(i => i % 5)];
        Model model = CodecRun.Model(
            CodecRun.Of("u8", ElementType.UInt8, new TensorShape(64), [.. small.Select(value => (byte)value)]),
            CodecRun.Of("i64", ElementType.Int64, new TensorShape(64), [.. small.Select(value => (long)-value)]),
            CodecRun.Of("u64", ElementType.UInt64, new TensorShape(64), [.. small.Select(value => (ulong)value)]),
            CodecRun.Of("beyond", ElementType.Int64, new TensorShape(2), 1L << 31, 0L),
            CodecRun.Of("lowest", ElementType.Int32, new TensorShape(2), int.MinValue, 0),
            CodecRun.Of("huge", ElementType.UInt64, new TensorShape(2), ulong.MaxValue, 0UL),
            CodecRun.Of("bool", ElementType.Bool, new TensorShape(64), [.. small.Select(value => (byte)(value == 0 ? 1 : 0))]));

        CompressionReport report = AssertExact(model, TensorMethod.Lossless);

        Assert.Equal(
            [TensorMethod.Integer, TensorMethod.Integer, TensorMethod.Integer, TensorMethod.Raw, TensorMethod.Raw, TensorMethod.Raw, TensorMethod.Integer],
            report.Tensors.Select(tensor => tensor.Method));
    }

    [Fact]
    public void Bits_that_no_element_has_are_kept_too()
    {
        byte[] bools = [.. Enumerable.Repeat((byte)2, 400)];
        byte[] nibbles = [.. Enumerable.Repeat((byte)0x11, 201)];
        nibbles[^1] = 0xF1;
        Model model = CodecRun.Model(
            new Tensor("bool", ElementType.Bool, new TensorShape(400), ByteSource.FromMemory(bools)), new Tensor("int4", ElementType.Int4, new TensorShape(401), ByteSource.FromMemory(nibbles)));

        CompressionReport report = AssertExact(model, TensorMethod.Lossless);

        Assert.DoesNotContain(report.Tensors, tensor => tensor.Method == TensorMethod.Integer);
    }

    [Theory]
    [InlineData("1x300")]
    [InlineData("300x1")]
    [InlineData("1x1x1x1x1")]
    [InlineData("2x3x4x5x6")]
    [InlineData("0")]
    [InlineData("3x0x2")]
    [InlineData("20x15")]
    public void Shared_values_of_any_shape_come_back_with_their_signs_of_zero_and_payloads_of_nan(string dimensions)
    {
        TensorShape shape = new([.. dimensions.Split('x').Select(long.Parse)]);
        float[] few = [0f, -0f, float.NaN, BitConverter.Int32BitsToSingle(0x7FC0_1234), float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, float.MaxValue];
        Seeded random = new(3);
        float[] values = [.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => few[random.NextInt(few.Length)])];

        AssertExact(CodecRun.Model(new Tensor("a", shape, values), new Tensor("b", shape, values), new Tensor("c", shape, values)), TensorMethod.Shared);
    }

    [Fact]
    public void Lossless_takes_shared_values_where_they_pay_and_the_table_is_counted()
    {
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(40, 50), [.. Enumerable.Range(0, 2000).Select(i => i * i % 7 * 0.1f)]), CodecRun.Floats("dense", 1, 20, 20));
        CompressionReport report = AssertExact(model, TensorMethod.Lossless);

        Assert.Equal([TensorMethod.Shared, TensorMethod.Raw], report.Tensors.Select(tensor => tensor.Method));
        Assert.InRange(report.TableBytes, 1, 100);
        Assert.InRange(report.Tensors[0].Bytes, 1, 1000);
        Assert.InRange(report.Tensors[1].Bytes, 1600, 1650);
    }

    [Fact]
    public void The_columns_of_a_layer_are_coded_along_its_outputs_where_that_is_shorter()
    {
        // Each column holds one value: rows look alike only when read down.
        float[] values = [.. Enumerable.Range(0, 64 * 48).Select(i => ((i % 48) * 7 % 11) * 0.5f)];
        Model model = CodecRun.Model(new Tensor("w", new TensorShape(64, 48), values), new Tensor("k", new TensorShape(64, 16, 3), values));
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Shared));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);

        Assert.Contains(compressed.Reader.Tensors, info => info.Name == "w@index:swapped");
        AssertExact(model, TensorMethod.Shared);
    }

    /// <summary>What is written in parts is what is decoded at once, whichever way values are indexed: in bytes, in more, in exchanged dimensions, in several blocks.</summary>
    [Theory]
    [InlineData(64, 48, 11)]
    [InlineData(600, 300, 700)]
    [InlineData(3, 40_000, 5)]
    [InlineData(40_000, 3, 300)]
    public void Shared_values_in_parts_are_those_of_the_whole(int rows, int columns, int count)
    {
        foreach (bool isAlike in (bool[])[true, false])
        {
            float[] values = [.. Enumerable.Range(0, rows * columns).Select(i => ((isAlike ? i % columns : i / columns) * 7 % count * 0.5f) - 3)];
            Model model = CodecRun.Model(new Tensor("w", new TensorShape(rows, columns), values));
            using CompressedModel compressed = CompressedModel.Open(CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Shared)).Bytes);
            using MemoryStream parts = new();
            compressed.ToModel().Tensors[0].Data.CopyTo(parts, default);

            Assert.Equal(isAlike ? "w@index:swapped" : "w@index", compressed.Reader.Tensors[0].Name);
            Assert.Equal(values, MemoryMarshal.Cast<byte, float>(parts.ToArray()).ToArray());
        }
    }

    [Fact]
    public void A_model_without_tensors_is_a_stream_without_tensors()
    {
        Model model = new("memory", "memory", [], new Dictionary<string, string> { ["key"] = "value" });
        CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, TensorMethod.Lossless));
        using CompressedModel compressed = CompressedModel.Open(run.Bytes);

        Assert.Empty(compressed.Tensors);
        Assert.Equal(model.Metadata, compressed.ToModel().Metadata);
        Assert.Equal(run.Report.TotalBytes, run.Report.HeaderBytes + run.Report.TopologyBytes);
    }

    internal static CompressionReport AssertExact(Model model, TensorMethod method)
    {
        CompressionReport? last = null;
        foreach (int edition in (int[])[1, 2])
        {
            CodecRun run = CodecRun.Of(model, CodecRun.Plan(model, method, edition: edition));
            using CompressedModel compressed = CompressedModel.Open(run.Bytes);
            Model back = compressed.ToModel();
            Assert.Equal(model.Tensors.Select(tensor => tensor.Name), back.Tensors.Select(tensor => tensor.Name));
            foreach (Tensor tensor in model.Tensors) AssertSame(tensor, back.Find(tensor.Name)!);
            ReportTests.AssertEveryByteIsCounted(run);
            Assert.All(run.Report.Tensors, tensor => Assert.Equal((double.PositiveInfinity, 0), (tensor.SqnrDb, tensor.MaxAbsError)));
            last = run.Report;
        }

        return last!;
    }

    internal static void AssertSame(Tensor expected, Tensor actual)
    {
        Assert.Equal((expected.Name, expected.ElementType, expected.Shape.ToString()), (actual.Name, actual.ElementType, actual.Shape.ToString()));
        Assert.Equal(expected.Data.ReadAll().ToArray(), actual.Data.ReadAll().ToArray());
    }

    private static Tensor Random(string name, ElementType type, TensorShape shape)
    {
        byte[] bytes = new byte[type.ByteLength(shape.ElementCount)];
        new Seeded((ulong)type).Fill(bytes);
        if (type == ElementType.Bool) foreach (ref byte value in bytes.AsSpan()) value &= 1;

        // Bits beyond the last element are none of the tensor's.
        long unused = (bytes.Length * 8L) - (shape.ElementCount * type.BitWidth());
        if (unused > 0) bytes[^1] &= (byte)(0xFF >> (int)unused);
        return new Tensor(name, type, shape, ByteSource.FromMemory(bytes, name));
    }
}
