using Tersor.EntropyCoding;
using Tersor.Models;
using Tersor.Nnc;

namespace Tersor.Tests.Nnc;

public class WriterTests
{
    private static readonly NncStreamSettings Settings = NncStreamSettings.Default;

    [Theory]
    [InlineData(NncDialect.EditionTwo, false, "00040201 0008068100400080")]
    [InlineData(NncDialect.EditionTwo, true, "00040201 0008068108400080")]
    [InlineData(NncDialect.EditionOne, false, "00040200 0008068100400080")]
    public void A_stream_opens_with_the_bytes_of_the_reference(NncDialect dialect, bool isUpdate, string expected) =>
        Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(Streams.Write(new NncStreamSettings { Dialect = dialect, IsUpdate = isUpdate }, null)));

    [Theory]
    [InlineData(-128)]
    [InlineData(127)]
    public void The_QPs_at_the_ends_of_the_field_are_written(int qp)
    {
        LevelTensor tensor = Tensor(LevelRule.Uniform(qp, dependent: false));
        RoundTripTests.AssertEqual(tensor, NncReader.Open(Streams.Write(Settings, null, NncUnitEncoder.Encode(tensor, Settings, NncUnitOptions.Default))).DecodeUnit(2)[0]);
    }

    [Theory]
    [InlineData(-129)]
    [InlineData(128)]
    public void A_QP_beyond_its_field_is_refused_instead_of_wrapped(int qp) =>
        Assert.Contains("-128 to 127", Assert.Throws<ArgumentException>(() => NncUnitEncoder.Encode(Tensor(LevelRule.Uniform(qp, dependent: false)), Settings, NncUnitOptions.Default)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_the_stream_cannot_say_is_refused()
    {
        LevelTensor tensor = Tensor(LevelRule.Uniform(0, dependent: false));
        Refused(() => NncUnitEncoder.Encode(Tensor(LevelRule.Uniform(0, dependent: false, density: 3)), Settings, NncUnitOptions.Default));
        Refused(() => NncUnitEncoder.Encode(tensor, Settings, NncUnitOptions.Default with { GreaterFlagCount = 0 }));
        Refused(() => NncUnitEncoder.Encode(tensor, Settings, NncUnitOptions.Default with { GreaterFlagCount = 257 }));
        Refused(() => NncUnitEncoder.Encode(tensor, Settings, NncUnitOptions.Default with { ScanOrder = 5 }));
        Refused(() => NncUnitEncoder.Encode(tensor, Settings, NncUnitOptions.Default with { DataFormat = ElementType.BFloat16 }));
        Refused(() => NncUnitEncoder.Encode(tensor, Settings, NncUnitOptions.Default with { ParameterId = 0, Update = new NncUnitUpdate() }));
        Refused(() => NncUnitEncoder.Encode(tensor, Settings with { IsUpdate = true }, NncUnitOptions.Default with { Update = new NncUnitUpdate() }));
        Refused(() => NncUnitEncoder.Encode(new LevelTensor("a\0", new TensorShape(1), [0], LevelRule.Integer), Settings, NncUnitOptions.Default));
        Refused(() => NncUnitEncoder.Encode(new LevelTensor("deep", new TensorShape([.. Enumerable.Repeat(1L, 65)]), [0], LevelRule.Integer), Settings, NncUnitOptions.Default));
        Refused(() => NncUnitEncoder.Encode(new LevelTensor("w_G", new TensorShape(2, 1), [0, 1], LevelRule.Uniform(0, dependent: false), NncTensorRole.LeftFactor), Settings, NncUnitOptions.Default));
        Refused(() => NncUnitEncoder.EncodeRaw("raw", new TensorShape(2), ByteSource.FromMemory(new byte[7]), Settings, NncUnitOptions.Default));
        Refused(() => Streams.Write(new NncStreamSettings { Dialect = NncDialect.EditionOne, IsUpdate = true }, null));
    }

    [Fact]
    public void Blocks_that_are_none_are_refused()
    {
        LevelRule uniform = LevelRule.Uniform(0, dependent: false);
        var vector = new TensorShape(2);
        LevelTensor weight = Tensor(uniform);
        LevelTensor bias = new("b", vector, [1, 2], uniform, NncTensorRole.Bias);
        void Refuse(params LevelTensor[] tensors) => Refused(() => NncUnitEncoder.EncodeBlock(tensors, Settings, NncUnitOptions.Default));
        Refuse(weight);
        Refuse(bias);
        Refuse(weight, bias, bias);
        Refuse(weight, new LevelTensor("beta", vector, [1, 2], uniform, NncTensorRole.BatchNormBeta));
        Refuse(weight, new LevelTensor("b", new TensorShape(3), [1, 2, 3], uniform, NncTensorRole.Bias));
        Refuse(weight, new LevelTensor("b", vector, [2, 2], LevelRule.Uniform(0, dependent: true), NncTensorRole.Bias));
        Refuse(weight, new LevelTensor("b", vector, [1, 2], LevelRule.Integer, NncTensorRole.Bias));
        Refuse(weight, new LevelTensor("b", vector, [0, 1], LevelRule.FromCodebook(new NncCodebook([0, 1], 0), 0), NncTensorRole.Bias));
        Refuse(new LevelTensor("g", new TensorShape(2, 1), [1, 2], uniform, NncTensorRole.LeftFactor), bias);
        Refuse(new LevelTensor("g", new TensorShape(2, 1), [1, 2], uniform, NncTensorRole.LeftFactor), new LevelTensor("h", new TensorShape(1, 3), [1, 2, 3], uniform, NncTensorRole.RightFactor));
    }

    [Fact]
    public void A_name_is_written_once_and_the_topology_first()
    {
        var writer = new NncWriter(new MemoryStream(), Settings);
        writer.Write(NncUnitEncoder.Encode(Tensor(LevelRule.Integer), Settings, NncUnitOptions.Default));
        Refused(() => writer.Write(NncUnitEncoder.Encode(Tensor(LevelRule.Integer), Settings, NncUnitOptions.Default)));
        Assert.Throws<InvalidOperationException>(() => writer.WriteTopology(new Topology(TopologyFormat.None, default)));
    }

    [Fact]
    public void A_scan_in_blocks_is_dropped_where_a_matrix_has_a_single_row_or_column()
    {
        foreach (TensorShape shape in new[] { new TensorShape(1, 30), new TensorShape(30, 1), new TensorShape(30) })
        {
            LevelTensor tensor = new TensorMaker(1).Tensor("t", shape, LevelRule.Uniform(0, dependent: false));
            using NncReader reader = NncReader.Open(Streams.Write(Settings, null, NncUnitEncoder.Encode(tensor, Settings, NncUnitOptions.Default with { ScanOrder = 2 })));
            Assert.Equal(0, reader.Tensors[0].ScanOrder);
            RoundTripTests.AssertEqual(tensor, reader.DecodeUnit(2)[0]);
        }
    }

    [Fact]
    public void A_long_unit_is_written_to_a_stream_that_cannot_seek()
    {
        LevelTensor raw = new TensorMaker(1).Raw("raw", new TensorShape(100, 100));
        using var output = new MemoryStream();
        var writer = new NncWriter(new Forward(output), Settings);
        writer.Write(NncUnitEncoder.EncodeRaw("raw", raw.Shape, ByteSource.Deferred("raw", raw.RawValues.Length, _ => raw.RawValues), Settings, NncUnitOptions.Default));
        writer.Write(NncUnitEncoder.Encode(Tensor(LevelRule.Integer), Settings, NncUnitOptions.Default));
        Assert.Equal(output.Length, writer.ByteCount);
        using NncReader reader = NncReader.Open(output.ToArray());
        RoundTripTests.AssertEqual(raw, reader.DecodeLevels(reader.Find("raw")!));
    }

    private static void Refused(Action action) => Assert.ThrowsAny<ArgumentException>(action);

    private static LevelTensor Tensor(LevelRule rule) => new("t", new TensorShape(2, 2), [1, 0, -3, 2], rule);

    private sealed class Forward(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    }
}
