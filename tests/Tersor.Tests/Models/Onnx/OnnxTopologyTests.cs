using System.Buffers.Binary;
using Google.Protobuf;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests.Models.Onnx.Oracle;
using static Tersor.Tests.Models.Onnx.OnnxProtos;

namespace Tersor.Tests.Models.Onnx;

/// <summary>Joining a topology with decoded tensors: types are converted, and whatever does not fit is named, all at once.</summary>
public class OnnxTopologyTests
{
    private static readonly float[] Values =
        [0f, -0f, 1f, -1f, 1.0009765f, 1.00048828125f, 1.00146484375f, 65504f, 65519.996f, 65520f, 6e-8f, 2.9e-8f, 3e38f, float.PositiveInfinity, 0.1f, 1.00390625f, 1.01171875f];

    [Fact]
    public void FromTopology_SinglesForBinary16_RoundToNearestEven()
    {
        using OnnxModel joined = Join(ElementType.Float16, new Tensor("w", new TensorShape(Values.Length), Values));

        ReadOnlySpan<byte> data = DataOf(joined, "w");
        for (int i = 0; i < Values.Length; i++)
            Assert.Equal(BitConverter.HalfToUInt16Bits((Half)Values[i]), BinaryPrimitives.ReadUInt16LittleEndian(data[(i * 2)..]));
        Assert.Equal(0x3C00, BinaryPrimitives.ReadUInt16LittleEndian(data[(5 * 2)..]));
        Assert.Equal(0x3C02, BinaryPrimitives.ReadUInt16LittleEndian(data[(6 * 2)..]));
    }

    [Fact]
    public void FromTopology_SinglesForBFloat16_RoundToNearestEven()
    {
        using OnnxModel joined = Join(ElementType.BFloat16, new Tensor("w", new TensorShape(Values.Length), Values));

        ReadOnlySpan<byte> data = DataOf(joined, "w");
        ushort[] expected = [0, 0x8000, 0x3F80, 0xBF80, 0x3F80, 0x3F80, 0x3F80, 0x4780, 0x4780, 0x4780, 0x3381, 0x32F9, 0x7F62, 0x7F80, 0x3DCD, 0x3F80, 0x3F82];
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], BinaryPrimitives.ReadUInt16LittleEndian(data[(i * 2)..]));
    }

    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.BFloat16)]
    [InlineData(ElementType.Float64)]
    public void FromTopology_NotANumber_StaysNotANumber(ElementType type)
    {
        float[] values = [float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001), BitConverter.UInt32BitsToSingle(0xFFFFFFFF)];
        using OnnxModel joined = Join(type, new Tensor("w", new TensorShape(3), values));

        Assert.All(joined.Tensors[0].ReadSingles(), value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.BFloat16)]
    [InlineData(ElementType.Float64)]
    public void FromTopology_ConvertedData_IsTheSameInPartsAndWhole(ElementType type)
    {
        Seeded random = new(3);
        float[] values = new float[40_000];
        foreach (ref float value in values.AsSpan()) value = random.NextGaussian();
        byte[] singles = Singles(values);
        ByteSource deferred = ByteSource.Deferred("d", singles.Length, _ => singles);
        foreach (ByteSource source in (ByteSource[])[ByteSource.FromMemory(singles), deferred])
        {
            ConvertedSource converted = new(source, type);
            byte[] whole = converted.ReadAll().ToArray();
            Assert.Equal(source.ReadsInParts, converted.ReadsInParts);
            using MemoryStream copy = new();
            converted.CopyTo(copy);
            Assert.Equal(whole, copy.ToArray());
            for (int i = 0; i < 20; i++)
            {
                int offset = random.NextInt(whole.Length);
                byte[] part = new byte[random.NextInt(whole.Length - offset)];
                converted.Read(offset, part);
                Assert.Equal(whole[offset..(offset + part.Length)], part);
            }
        }
    }

    [Fact]
    public void FromTopology_DeferredTensor_IsDecodedOnceForAWrite()
    {
        byte[] data = Singles(1, 2, 3);
        int decoded = 0;
        using OnnxModel joined = Join(ElementType.Float32, new Tensor("w", ElementType.Float32, new TensorShape(3), ByteSource.Deferred("w", 12, Decode)));

        OnnxWriter.Write(joined, Stream.Null);

        Assert.Equal(1, decoded);

        ReadOnlyMemory<byte> Decode(CancellationToken cancellationToken)
        {
            decoded++;
            return data;
        }
    }

    [Fact]
    public void FromTopology_TensorsThatAreMissingOrDoNotFit_NamesAll()
    {
        byte[] topology = Model(
            Empty("missing", ElementType.Float32, 2),
            Empty("count", ElementType.Float32, 2),
            Empty("type", ElementType.Int8, 2),
            Empty("fine", ElementType.Float32, 2, 3)).ToByteArray();
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal)
        {
            ["count"] = new Tensor("count", new TensorShape(3), [1, 2, 3]),
            ["type"] = new Tensor("type", new TensorShape(2), [1, 2]),
            ["fine"] = new Tensor("fine", new TensorShape(3, 2), [1, 2, 3, 4, 5, 6]),
        };

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => OnnxModel.FromTopology(topology, tensors.GetValueOrDefault, "x.nnc"));

        Assert.Contains("'missing' is missing", error.Message, StringComparison.Ordinal);
        Assert.Contains("'count' is 3, the topology wants 2", error.Message, StringComparison.Ordinal);
        Assert.Contains("'type' is float32, the topology wants int8", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("'fine'", error.Message, StringComparison.Ordinal);
        Assert.Equal("x.nnc", error.File);
    }

    [Fact]
    public void FromTopology_TensorWithNoDataFieldAtAll_ReceivesRawData()
    {
        TensorProto bare = new() { Name = "w", DataType = 1, Dims = { 2 } };
        using OnnxModel joined = OnnxModel.FromTopology(Model(bare).ToByteArray(), _ => new Tensor("w", new TensorShape(2), [1, 2]), "t");

        ModelProto written = ModelProto.Parser.ParseFrom(OnnxWriter.ToArray(joined));

        Assert.Equal(Singles(1, 2), written.Graph.Initializer[0].RawData.ToByteArray());
    }

    [Fact]
    public void Open_ModelStrippedOfItsWeights_IsRefusedWithTheTensorsName()
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(Model(Empty("w", ElementType.Float32, 2))));

        Assert.Equal("tensor 'w'", error.Item);
        Assert.Contains("takes 8 bytes, found 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MakeTopology_RestOverTheLimit_IsRefusedWithItsSize()
    {
        byte[] original = Model(Raw("a", ElementType.UInt8, [1000]), Raw("b", ElementType.UInt8, [1000])).ToByteArray();
        using OnnxModel model = OnnxModel.Open(ByteSource.FromMemory(original), new ModelReadOptions { MaxHeaderBytes = 1500 });

        Assert.Throws<ResourceLimitException>(() => model.MakeTopology(_ => false));
        Assert.InRange(model.MakeTopology(tensor => tensor.Name == "a").Bytes.Length, 1000, 1500);
    }

    [Fact]
    public void CanDetach_TensorOfAnotherModel_IsAnArgumentError()
    {
        using OnnxModel model = Open(Model(Raw("w", ElementType.UInt8, [1])));
        using OnnxModel other = Open(Model(Raw("w", ElementType.UInt8, [1])));

        Assert.Throws<ArgumentException>(() => model.CanDetach(other.Tensors[0]));
    }

    [Fact]
    public void FromTensors_EveryType_MakesAModelThatTheOracleReads()
    {
        List<Tensor> tensors = [.. ElementTypes.All.Where(type => type != ElementType.String).Select(AnyTensor)];
        Dictionary<string, string> metadata = new(StringComparer.Ordinal) { ["z"] = "1", ["a"] = "2" };

        Topology topology = OnnxTopology.FromTensors(tensors.Select(tensor => (tensor.Name, tensor.ElementType, tensor.Shape)), metadata);

        using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, name => tensors.Find(tensor => tensor.Name == name), "bare");
        ModelProto written = ModelProto.Parser.ParseFrom(OnnxWriter.ToArray(joined));
        Assert.Equal(13, written.IrVersion);
        Assert.Equal(25, written.OpsetImport[0].Version);
        Assert.Equal(["a", "z"], written.MetadataProps.Select(entry => entry.Key));
        Assert.Equal(metadata, joined.Metadata);
        foreach ((Tensor tensor, TensorProto proto) in tensors.Zip(written.Graph.Initializer))
        {
            Assert.Equal(tensor.Name, proto.Name);
            Assert.Equal((int)tensor.ElementType, proto.DataType);
            Assert.Equal(tensor.Shape.Dimensions.ToArray(), proto.Dims);
            Assert.Equal(tensor.Data.ReadAll().ToArray(), proto.RawData.ToByteArray());
        }

        Assert.Equal(tensors.Select(tensor => tensor.ElementType.Name()), joined.Summary.Outputs.Select(output => output.Type));
        Assert.Equal(tensors.Select(tensor => tensor.Name), written.Graph.Output.Select(output => output.Name));
        Assert.All(written.Graph.Output, output => Assert.Equal([2, 3], output.Type.TensorType.Shape.Dim.Select(dimension => dimension.DimValue)));

        static Tensor AnyTensor(ElementType type) => new(
            "name " + type.Name(), type, new TensorShape(2, 3), ByteSource.FromMemory(Bytes((int)type.ByteLength(6), (ulong)type)));
    }

    [Theory]
    [InlineData(ElementType.Float32, 8, 17)]
    [InlineData(ElementType.Float8E5M2, 9, 19)]
    [InlineData(ElementType.Int4, 10, 21)]
    [InlineData(ElementType.Float4E2M1, 11, 23)]
    [InlineData(ElementType.Float8E8M0, 12, 24)]
    public void FromTensors_Versions_AreTheOldestThatKnowTheType(ElementType type, int irVersion, int operatorSet)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(OnnxTopology.FromTensors([("w", type, new TensorShape(1))]).Bytes.Span);

        Assert.Equal((irVersion, operatorSet), (model.IrVersion, model.OpsetImport[0].Version));
    }

    private static TensorProto Empty(string name, ElementType type, params long[] shape) =>
        new() { Name = name, DataType = (int)type, Dims = { shape }, RawData = ByteString.Empty };

    private static OnnxModel Join(ElementType declared, Tensor tensor) =>
        OnnxModel.FromTopology(Model(Empty("w", declared, tensor.ElementCount)).ToByteArray(), _ => tensor, "topology");
}
