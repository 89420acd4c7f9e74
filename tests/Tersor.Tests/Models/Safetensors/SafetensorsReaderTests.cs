using System.Text;
using Tersor.Fuzz;
using Tersor.Models;
using Tersor.Models.Safetensors;

namespace Tersor.Tests.Models.Safetensors;

public class SafetensorsReaderTests
{
    // The example of the reference implementation's documentation.
    private const string DocumentedHeader = """{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}""";

    private static Model Open(byte[] file, ModelReadOptions? options = null) => SafetensorsReader.Open(ByteSource.FromMemory(file), options);

    [Fact]
    public void Open_DocumentedExample_GivesItsTensor()
    {
        using Model model = Open(SafetensorsFile.Of(DocumentedHeader, 16));
        Tensor tensor = Assert.Single(model.Tensors);
        Assert.Equal("test", tensor.Name);
        Assert.Equal(ElementType.Int32, tensor.ElementType);
        Assert.Equal(new TensorShape(2, 2), tensor.Shape);
        Assert.Equal(new byte[16], tensor.Data.ReadAll().ToArray());
        Assert.Equal("safetensors", model.Format);
    }

    [Fact]
    public void Open_ScalarsAndEmptyTensors_AreFine()
    {
        string json = $"{{{SafetensorsFile.Entry("scalar", "F32", "", 0, 4)},{SafetensorsFile.Entry("none", "F64", "3,0,2", 4, 4)}}}";
        using Model model = Open(SafetensorsFile.Of(json, 4));
        Assert.Equal(1, model.Find("scalar")!.ElementCount);
        Assert.Equal(0, model.Find("scalar")!.Shape.Rank);
        Assert.Equal(0, model.Find("none")!.ElementCount);
        Assert.Empty(model.Find("none")!.ReadSingles());
    }

    [Fact]
    public void Open_NoTensors_IsFine()
    {
        using Model model = Open(SafetensorsFile.Of("{}", 0));
        Assert.Empty(model.Tensors);
    }

    [Fact]
    public void Open_HeaderInAnotherOrderThanTheData_GivesTensorsInOrderOfData()
    {
        string json = $"{{{SafetensorsFile.Entry("second", "U8", "1", 4, 5)},{SafetensorsFile.Entry("first", "F32", "1", 0, 4)}}}   ";
        using Model model = Open(SafetensorsFile.Of(json, 5));
        Assert.Equal(["first", "second"], model.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Open_Metadata_IsTheModels()
    {
        using Model model = Open(SafetensorsFile.Of("""{"__metadata__":{"format":"pt","na\u00efve":"\ud83d\ude00"}}""", 0));
        Assert.Equal("pt", model.Metadata["format"]);
        Assert.Equal("\U0001F600", model.Metadata["naïve"]);
    }

    [Theory]
    [InlineData("F64", 8, ElementType.Float64)]
    [InlineData("F32", 4, ElementType.Float32)]
    [InlineData("F16", 2, ElementType.Float16)]
    [InlineData("BF16", 2, ElementType.BFloat16)]
    [InlineData("F8_E4M3", 1, ElementType.Float8E4M3FN)]
    [InlineData("F8_E5M2", 1, ElementType.Float8E5M2)]
    [InlineData("F8_E4M3FNUZ", 1, ElementType.Float8E4M3FNUZ)]
    [InlineData("F8_E5M2FNUZ", 1, ElementType.Float8E5M2FNUZ)]
    [InlineData("F8_E8M0", 1, ElementType.Float8E8M0)]
    [InlineData("I64", 8, ElementType.Int64)]
    [InlineData("I32", 4, ElementType.Int32)]
    [InlineData("I16", 2, ElementType.Int16)]
    [InlineData("I8", 1, ElementType.Int8)]
    [InlineData("U64", 8, ElementType.UInt64)]
    [InlineData("U32", 4, ElementType.UInt32)]
    [InlineData("U16", 2, ElementType.UInt16)]
    [InlineData("U8", 1, ElementType.UInt8)]
    [InlineData("BOOL", 1, ElementType.Bool)]
    [InlineData("C64", 8, ElementType.Complex64)]
    public void Open_EachDataType_IsKnown(string name, int width, ElementType expected)
    {
        using Model model = Open(SafetensorsFile.Of($"{{{SafetensorsFile.Entry("t", name, "3", 0, 3 * width)}}}", 3 * width));
        Assert.Equal(expected, model.Tensors[0].ElementType);
    }

    [Fact]
    public void Open_FourBitFloats_AreTwoInAByte()
    {
        using Model model = Open(SafetensorsFile.Of($"{{{SafetensorsFile.Entry("t", "F4", "3,2", 0, 3)}}}", 3));
        Assert.Equal(ElementType.Float4E2M1, model.Tensors[0].ElementType);
    }

    [Fact]
    public void Open_UnknownTypes_AreAllListed()
    {
        string json = $"{{{SafetensorsFile.Entry("a", "F6_E2M3", "4", 0, 3)},{SafetensorsFile.Entry("b", "F32", "1", 3, 7)},{SafetensorsFile.Entry("c", "Q4", "1", 7, 8)}}}";
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => Open(SafetensorsFile.Of(json, 8)));
        Assert.Equal(2, error.Items.Count);
        Assert.Contains("F6_E2M3", error.Message, StringComparison.Ordinal);
        Assert.Contains("Q4", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "twice")]
    [InlineData("""{"t":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "twice")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "twice")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", 0, "twice")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "not a string")]
    [InlineData("""{"__metadata__":null}""", 0, "object of strings")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "belong to no tensor")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "1 bytes follow")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3, "do not lie within")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "do not lie within")]
    [InlineData("""{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "takes 8 bytes")]
    [InlineData("""{"t":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "whole bytes")]
    [InlineData("""{"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "whole number")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "whole number")]
    [InlineData("""{"t":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}""", 4, "whole number")]
    [InlineData("""{"t":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}""", 4, "63 bits")]
    [InlineData("""{"t":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}}""", 4, "63 bits")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "more than 2")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "all needed")]
    [InlineData("""{"t":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "all needed")]
    [InlineData("""{"t":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}""", 4, "not a string")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":{"y":[1]}}}""", 4, "unknown field 'x'")]
    [InlineData("""{"t":[]}""", 0, "expected an object")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "escape")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x""", 4, "not JSON")]
    [InlineData("""{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""", 4, "not JSON")]
    [InlineData("""{"t":""", 0, "not JSON")]
    [InlineData("[]", 0, "does not start with '{'")]
    [InlineData(""" {}""", 0, "does not start with '{'")]
    public void Open_MalformedHeader_SaysWhat(string json, int dataLength, string expected)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(SafetensorsFile.Of(json, dataLength)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SharedData_IsRefusedAlsoLeniently()
    {
        byte[] file = SafetensorsFile.Of($"{{{SafetensorsFile.Entry("a", "F32", "2", 0, 8)},{SafetensorsFile.Entry("b", "F32", "2", 4, 12)}}}", 12);
        foreach (bool lenient in (ReadOnlySpan<bool>)[false, true])
        {
            ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(file, new ModelReadOptions { Lenient = lenient }));
            Assert.Equal("tensor 'b'", error.Item);
            Assert.True(error.Offset > 8, "the offset of the entry");
        }
    }

    [Fact]
    public void Open_NotUtf8_IsRefused()
    {
        byte[] header = Encoding.UTF8.GetBytes(DocumentedHeader);
        header[2] = 0xFF;
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(SafetensorsFile.Of(header, new byte[16])));
        Assert.Contains("UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_Lenient_ToleratesAndReports()
    {
        string json = $"{{{SafetensorsFile.Entry("a", "U8", "2", 1, 3)},\"b\":{{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[5,6],\"note\":[1,{{}}]}}}}";
        byte[] file = SafetensorsFile.Of(Encoding.UTF8.GetBytes(json), [0, 1, 2, 0, 0, 5, 0, 0]);
        List<string> warnings = [];
        using Model model = Open(file, new ModelReadOptions { Lenient = true, Warn = warnings.Add });
        Assert.Equal([1, 2], model.Find("a")!.Data.ReadAll().ToArray());
        Assert.Equal([5], model.Find("b")!.Data.ReadAll().ToArray());
        Assert.Equal(4, warnings.Count);
        Assert.Contains(warnings, warning => warning.Contains("'note'", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.Contains("2 bytes follow", StringComparison.Ordinal));
        Assert.Throws<ModelFormatException>(() => Open(file));
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(1UL << 40)]
    [InlineData(100_000_001UL)]
    public void Open_HostileHeaderLength_AllocatesNothingMuch(ulong length)
    {
        byte[] file = [.. BitConverter.GetBytes(length), (byte)'{', (byte)'}'];
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(file));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Equal(0, error.Offset);
    }

    [Fact]
    public void Open_HostileShape_AllocatesNothingMuch()
    {
        byte[] file = SafetensorsFile.Of($"{{{SafetensorsFile.Entry("t", "U8", "1099511627776", 0, 1099511627776)}}}", 4);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => Open(file));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void Open_MoreThan64Dimensions_IsRefused()
    {
        string shape = string.Join(',', Enumerable.Repeat("1", 65));
        Assert.Throws<ModelFormatException>(() => Open(SafetensorsFile.Of($"{{{SafetensorsFile.Entry("t", "U8", shape, 0, 1)}}}", 1)));
    }

    [Fact]
    public void Open_HeaderOverTheCallersLimit_IsRefused()
    {
        byte[] file = SafetensorsFile.Of(DocumentedHeader, 16);
        Assert.Throws<ResourceLimitException>(() => Open(file, new ModelReadOptions { MaxHeaderBytes = 59 }));
        Open(file, new ModelReadOptions { MaxHeaderBytes = 60 }).Dispose();
    }

    [Fact]
    public void Open_DeeplyNestedHeader_IsRefused()
    {
        string json = "{\"t\":" + new string('[', 100_000);
        Assert.Throws<ModelFormatException>(() => Open(SafetensorsFile.Of(json, 0), new ModelReadOptions { Lenient = true }));
    }

    [Fact]
    public void Open_Stream_ReadsLazilyAndClosesOnDispose()
    {
        MemoryStream stream = new(SafetensorsFile.Of(Encoding.UTF8.GetBytes(DocumentedHeader), [.. Enumerable.Range(0, 16).Select(i => (byte)i)]));
        stream.Position = 5;
        using (Model model = SafetensorsReader.Open(stream))
        {
            Assert.Equal(Enumerable.Range(0, 16).Select(i => (byte)i), model.Tensors[0].Data.ReadAll().ToArray());
        }

        Assert.False(stream.CanRead);
    }

    [Fact]
    public void Open_EveryTruncation_Throws()
    {
        byte[] file = SafetensorsFile.Of(DocumentedHeader, 16);
        foreach (byte[] part in Mutations.Truncations(file)) Assert.Throws<ModelFormatException>(() => Open(part));
    }

    [Fact]
    public void Open_DamagedFiles_SucceedOrFailInOrder()
    {
        string json = $"{{\"__metadata__\":{{\"k\":\"v\"}},{SafetensorsFile.Entry("a", "F32", "2,1", 0, 8)},{SafetensorsFile.Entry("b", "BOOL", "", 8, 9)}}}";
        byte[] file = SafetensorsFile.Of(json, 9);
        foreach (byte[] damaged in Mutations.SingleBitFlips(file)) FuzzTargets.Safetensors.Run(damaged);
        foreach (byte[] damaged in Mutations.Random(file, 0x5AFE, 5000)) FuzzTargets.Safetensors.Run(damaged);
    }
}
