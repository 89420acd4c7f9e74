using Google.Protobuf;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests.Models.Onnx.Oracle;
using static Tersor.Tests.Models.Onnx.OnnxProtos;

namespace Tersor.Tests.Models.Onnx;

/// <summary>Every element type in every field that may hold it gives the same packed little-endian bytes, and comes back as it was.</summary>
public class OnnxEncodingTests
{
    public static TheoryData<TensorProto, byte[]> TypedFields() => new()
    {
        { new TensorProto { DataType = (int)ElementType.Float32, Dims = { 2 }, FloatData = { 1f, -2f } }, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0] },
        { new TensorProto { DataType = (int)ElementType.Complex64, Dims = { 1 }, FloatData = { 1f, -2f } }, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0] },
        { new TensorProto { DataType = (int)ElementType.Float64, Dims = { 1 }, DoubleData = { 1.0 } }, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F] },
        {
            new TensorProto { DataType = (int)ElementType.Complex128, Dims = { 1 }, DoubleData = { 1.0, 0.0 } },
            [0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0]
        },
        { new TensorProto { DataType = (int)ElementType.Int64, Dims = { 2 }, Int64Data = { -2, 1 } }, [0xFE, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0] },
        { new TensorProto { DataType = (int)ElementType.UInt64, Dims = { 1 }, Uint64Data = { ulong.MaxValue } }, [255, 255, 255, 255, 255, 255, 255, 255] },
        { new TensorProto { DataType = (int)ElementType.UInt32, Dims = { 2 }, Uint64Data = { 0xFFFF_FFFE, 1 } }, [0xFE, 255, 255, 255, 1, 0, 0, 0] },
        { new TensorProto { DataType = (int)ElementType.Int32, Dims = { 2 }, Int32Data = { -2, 0x01020304 } }, [0xFE, 255, 255, 255, 4, 3, 2, 1] },
        { new TensorProto { DataType = (int)ElementType.Int16, Dims = { 2 }, Int32Data = { -2, 0x0102 } }, [0xFE, 255, 2, 1] },
        { new TensorProto { DataType = (int)ElementType.UInt16, Dims = { 2 }, Int32Data = { 0xFFFE, 1 } }, [0xFE, 255, 1, 0] },
        { new TensorProto { DataType = (int)ElementType.Int8, Dims = { 3 }, Int32Data = { -128, -1, 127 } }, [0x80, 0xFF, 0x7F] },
        { new TensorProto { DataType = (int)ElementType.UInt8, Dims = { 2 }, Int32Data = { 0, 255 } }, [0, 255] },
        { new TensorProto { DataType = (int)ElementType.Bool, Dims = { 2 }, Int32Data = { 1, 0 } }, [1, 0] },
        { new TensorProto { DataType = (int)ElementType.Float16, Dims = { 2 }, Int32Data = { 0x3C00, 0xC000 } }, [0, 0x3C, 0, 0xC0] },
        { new TensorProto { DataType = (int)ElementType.BFloat16, Dims = { 2 }, Int32Data = { 0x3F80, 0xC000 } }, [0x80, 0x3F, 0, 0xC0] },
        { new TensorProto { DataType = (int)ElementType.Float8E4M3FN, Dims = { 2 }, Int32Data = { 0x38, 0xFF } }, [0x38, 0xFF] },
        { new TensorProto { DataType = (int)ElementType.Float8E8M0, Dims = { 1 }, Int32Data = { 0x7F } }, [0x7F] },
        { new TensorProto { DataType = (int)ElementType.UInt4, Dims = { 3 }, Int32Data = { 0xF1, 0x05 } }, [0xF1, 0x05] },
        { new TensorProto { DataType = (int)ElementType.Int4, Dims = { 4 }, Int32Data = { 0x8F, 0x21 } }, [0x8F, 0x21] },
        { new TensorProto { DataType = (int)ElementType.Float4E2M1, Dims = { 1 }, Int32Data = { 0x07 } }, [0x07] },
        { new TensorProto { DataType = (int)ElementType.Int2, Dims = { 5 }, Int32Data = { 0xE4, 0x03 } }, [0xE4, 0x03] },
    };

    [Theory]
    [MemberData(nameof(TypedFields))]
    public void Open_TypedField_GivesPackedLittleEndianElements(TensorProto tensor, byte[] expected)
    {
        tensor.Name = "w";
        using OnnxModel model = Open(Model(tensor));

        Tensor read = Assert.Single(model.Tensors);
        Assert.Equal((ElementType)tensor.DataType, read.ElementType);
        Assert.Equal(tensor.Dims, read.Shape.Dimensions.ToArray());
        Assert.Equal(expected, read.Data.ReadAll().ToArray());
    }

    [Theory]
    [MemberData(nameof(TypedFields))]
    public void FromTopology_TypedField_ComesBackInItsFieldAtItsPlace(TensorProto tensor, byte[] expected)
    {
        tensor.Name = "w";
        byte[] original = Model(tensor, Raw("next", ElementType.Float32, [1])).ToByteArray();
        using OnnxModel model = Open(original);
        Assert.True(model.CanDetach(model.Find("w")!));

        Topology topology = model.MakeTopology(_ => true);

        TensorProto stripped = ModelProto.Parser.ParseFrom(topology.Bytes.Span).Graph.Initializer[0];
        Assert.Equal("w", stripped.Name);
        Assert.Empty(stripped.FloatData);
        Assert.Empty(stripped.Int32Data);
        using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, model.Find, "topology");
        Assert.Equal(expected, DataOf(joined, "w"));
        Assert.Equal(original, OnnxWriter.ToArray(joined));
    }

    [Theory]
    [MemberData(nameof(TypedFields))]
    public void Open_FieldPackedTheOtherWay_GivesTheSameElementsAndStaysInTheTopology(TensorProto tensor, byte[] expected)
    {
        RepackedTensorProto repacked = new()
        {
            Name = "w",
            DataType = tensor.DataType,
            Dims = { tensor.Dims },
            FloatData = { tensor.FloatData },
            DoubleData = { tensor.DoubleData },
            Int32Data = { tensor.Int32Data },
            Int64Data = { tensor.Int64Data },
            Uint64Data = { tensor.Uint64Data },
        };
        byte[] original = ModelWithTensorBytes(repacked.ToByteArray());
        using OnnxModel model = Open(original);

        Assert.Equal(expected, DataOf(model, "w"));
        Assert.False(model.CanDetach(model.Find("w")!));
        Assert.Equal(original, model.MakeTopology(_ => true).Bytes.ToArray());
        using OnnxModel joined = OnnxModel.FromTopology(original, _ => null, "topology");
        Assert.Equal(expected, DataOf(joined, "w"));
    }

    [Fact]
    public void Open_RawDataOfEveryType_IsTheBytesInTheFile()
    {
        foreach (ElementType type in ElementTypes.All.Where(type => type != ElementType.String))
        {
            TensorProto tensor = Raw("w", type, [3, 5]);
            using OnnxModel model = Open(Model(tensor));

            Assert.Equal(type, model.Tensors[0].ElementType);
            Assert.Equal(tensor.RawData.ToByteArray(), DataOf(model, "w"));
        }
    }

    [Fact]
    public void Open_PackedDataInSeveralPieces_IsJoinedAndStaysInTheTopology()
    {
        byte[] head = Varints(1 << 3, 3, 2 << 3, (ulong)ElementType.Float32);
        byte[] original = ModelWithTensorBytes(head, Field(4, Singles(1, 2)), Field(8, "w"u8.ToArray()), Field(4, Singles(3)));
        using OnnxModel model = Open(original);

        Assert.Equal([1, 2, 3], model.Find("w")!.ReadSingles());
        Assert.False(model.CanDetach(model.Tensors[0]));
        Assert.Equal(original, model.MakeTopology(_ => true).Bytes.ToArray());
    }

    [Fact]
    public void Open_EmptyFieldBesideTheOneWithData_IsReadAndStaysInTheTopology()
    {
        byte[] head = Varints(1 << 3, 1, 2 << 3, (ulong)ElementType.Float32);
        foreach (byte[] original in (byte[][])[ModelWithTensorBytes(head, Field(9, []), Field(4, Singles(5))), ModelWithTensorBytes(head, Field(9, Singles(5)), Field(5, []))])
        {
            using OnnxModel model = Open(original);

            Assert.Equal([5], model.Tensors[0].ReadSingles());
            Assert.False(model.CanDetach(model.Tensors[0]));
            Assert.Equal(original, model.MakeTopology(_ => true).Bytes.ToArray());
        }
    }

    [Theory]
    [InlineData(ElementType.UInt8, 300)]
    [InlineData(ElementType.Int8, 200)]
    [InlineData(ElementType.Float16, -15360)]
    public void Open_EntryThatItsTypeWouldNotBeWrittenAs_IsCutAndKeptAsItIs(ElementType type, int entry)
    {
        byte[] original = Model(new TensorProto { Name = "w", DataType = (int)type, Dims = { 1 }, Int32Data = { entry } }).ToByteArray();
        using OnnxModel model = Open(original);

        Assert.Equal((byte)entry, DataOf(model, "w")[0]);
        Assert.False(model.CanDetach(model.Tensors[0]));
        Assert.Equal(original, model.MakeTopology(_ => true).Bytes.ToArray());
    }

    [Fact]
    public void Open_VarintLongerThanItMustBe_IsReadAndKeptAsItIs()
    {
        byte[] original = ModelWithTensorBytes(Varints(1 << 3, 1, 2 << 3, (ulong)ElementType.Int64), Field(7, [0x85, 0x80, 0x00]));
        using OnnxModel model = Open(original);

        Assert.Equal([5, 0, 0, 0, 0, 0, 0, 0], DataOf(model, ""));
        Assert.False(model.CanDetach(model.Tensors[0]));
    }

    [Theory]
    [InlineData(ElementType.Float32, 0)]
    [InlineData(ElementType.UInt4, 0)]
    public void Open_EmptyTensor_HasNoDataAndNothingToDetach(ElementType type, long dimension)
    {
        byte[] original = Model(Raw("raw", type, [3, dimension]), new TensorProto { Name = "none", DataType = (int)type, Dims = { dimension } }).ToByteArray();
        using OnnxModel model = Open(original);

        Assert.All(model.Tensors, tensor => Assert.Equal(0, tensor.ByteLength));
        Assert.All(model.Tensors, tensor => Assert.False(model.CanDetach(tensor)));
        Topology topology = model.MakeTopology(_ => true);
        using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, _ => throw new InvalidOperationException(), "topology");
        Assert.Equal(original, OnnxWriter.ToArray(joined));
    }

    [Fact]
    public void Open_Scalar_HasOneElementAndNoDimensions()
    {
        using OnnxModel model = Open(Model(Raw("s", ElementType.Float32, [], Singles(7))));

        Assert.Equal(0, model.Tensors[0].Shape.Rank);
        Assert.Equal([7], model.Tensors[0].ReadSingles());
        Assert.True(model.CanDetach(model.Tensors[0]));
    }
}
