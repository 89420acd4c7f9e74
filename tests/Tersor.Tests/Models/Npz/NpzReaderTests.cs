using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Tersor.Fuzz;
using Tersor.Models;
using Tersor.Models.Npz;

namespace Tersor.Tests.Models.Npz;

public class NpzReaderTests
{
    private static Model OpenAsset(string name, ModelReadOptions? options = null) =>
        NpzReader.Open(ByteSource.FromFile(TestAssets.Path("npz/" + name)), options);

    private static byte[] Array(string dictionary, int dataLength, byte version = 1)
    {
        byte[] text = Encoding.Latin1.GetBytes(dictionary);
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)text.Length) : BitConverter.GetBytes(text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. text, .. new byte[dataLength]];
    }

    private static Model Open(byte[] file, ModelReadOptions? options = null) => NpzReader.Open(ByteSource.FromMemory(file, "a.npy"), options);

    [Theory]
    [InlineData("f2", ElementType.Float16)]
    [InlineData("f4", ElementType.Float32)]
    [InlineData("f8", ElementType.Float64)]
    [InlineData("i1", ElementType.Int8)]
    [InlineData("i2", ElementType.Int16)]
    [InlineData("i4", ElementType.Int32)]
    [InlineData("i8", ElementType.Int64)]
    [InlineData("u1", ElementType.UInt8)]
    [InlineData("u2", ElementType.UInt16)]
    [InlineData("u4", ElementType.UInt32)]
    [InlineData("u8", ElementType.UInt64)]
    [InlineData("b1", ElementType.Bool)]
    [InlineData("c8", ElementType.Complex64)]
    [InlineData("c16", ElementType.Complex128)]
    public void Open_NumPysArrays_GiveLittleEndianRowMajorElements(string kind, ElementType type)
    {
        using Model model = OpenAsset("savez.npz");
        foreach (string variant in (ReadOnlySpan<string>)["", ".big", ".fortran"])
        {
            Tensor tensor = model.Find(kind + variant)!;
            Assert.Equal(type, tensor.ElementType);
            Assert.Equal(new TensorShape(2, 3, 4), tensor.Shape);
            ReadOnlySpan<byte> bytes = tensor.Data.ReadAll().Span;
            for (int i = 0; i < 24; i++)
            {
                Assert.Equal(type == ElementType.Bool ? i % 2 : i, Number(bytes, type, i, imaginary: false));
                if (type is ElementType.Complex64 or ElementType.Complex128) Assert.Equal(-i, Number(bytes, type, i, imaginary: true));
            }
        }
    }

    private static double Number(ReadOnlySpan<byte> bytes, ElementType type, int index, bool imaginary)
    {
        int width = type.BitWidth() / 8;
        bytes = bytes[((index * width) + (imaginary ? width / 2 : 0))..];
        return type switch
        {
            ElementType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
            ElementType.Float32 or ElementType.Complex64 => BinaryPrimitives.ReadSingleLittleEndian(bytes),
            ElementType.Float64 or ElementType.Complex128 => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            ElementType.Int8 or ElementType.UInt8 or ElementType.Bool => bytes[0],
            ElementType.Int16 or ElementType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            ElementType.Int32 or ElementType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        };
    }

    [Fact]
    public void Open_NumPysArchive_KeepsNamesOrderAndOddShapes()
    {
        using Model model = OpenAsset("savez.npz");
        Assert.Equal("npz", model.Format);
        Assert.Equal("f2", model.Tensors[0].Name);
        Assert.Equal("layer/weight é", model.Tensors[^1].Name);
        Assert.Equal(0, model.Find("scalar")!.Shape.Rank);
        Assert.Equal([1.5f], model.Find("scalar")!.ReadSingles());
        Assert.Equal(new TensorShape(0, 3), model.Find("empty")!.Shape);
        Assert.Equal([0, 1, 2, 3, 4], model.Find("vector")!.ReadSingles());
    }

    [Fact]
    public void Open_DeflatedArchive_InflatesOnDemand()
    {
        using Model model = OpenAsset("compressed.npz");
        Assert.Equal([.. Enumerable.Range(0, 24).Select(i => (float)i)], model.Find("big")!.ReadSingles());
        Assert.Equal(23, BinaryPrimitives.ReadInt64LittleEndian(model.Find("fortran")!.Data.ReadAll().Span[(23 * 8)..]));
        Assert.Equal(new float[100_000], model.Find("zeros")!.ReadSingles());
        MemoryStream copy = new();
        model.Find("zeros")!.Data.CopyTo(copy);
        Assert.Equal(400_000, copy.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Open_SingleArrayOfEachVersion_IsNamedAsTheFile(int version)
    {
        using Model model = ModelFormats.Open(TestAssets.Path(string.Create(CultureInfo.InvariantCulture, $"npz/version{version}.npy")));
        Tensor tensor = Assert.Single(model.Tensors);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"version{version}"), tensor.Name);
        Assert.Equal([.. Enumerable.Range(0, 24).Select(i => (float)i)], tensor.ReadSingles());
    }

    [Fact]
    public void Open_ObjectsRecordsAndText_AreAllRefusedByName()
    {
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => OpenAsset("refused.npz").Dispose());
        Assert.Equal(6, error.Items.Count);
        foreach (string name in (ReadOnlySpan<string>)["objects", "records", "text", "bytes", "dates", "raw"])
            Assert.Contains(error.Items, item => item.StartsWith($"member '{name}.npy'", StringComparison.Ordinal));
    }

    [Fact]
    public void Open_BigEndianData_ReadsInPartsAtAnyOffset()
    {
        byte[] file = [.. Array("{'descr': '>i4', 'fortran_order': False, 'shape': (3,), }", 0), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
        using Model model = Open(file);
        byte[] expected = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8];
        ByteSource data = model.Tensors[0].Data;
        Assert.True(data.ReadsInParts);
        for (int start = 0; start <= 12; start++)
        {
            for (int end = start; end <= 12; end++)
            {
                byte[] part = new byte[end - start];
                data.Read(start, part);
                Assert.Equal(expected[start..end], part);
            }
        }
    }

    [Theory]
    [InlineData("{\"shape\": (2L,), 'fortran_order':False,\"descr\": \"<f4\"}")]
    [InlineData("{'descr':'<f4','fortran_order':True,'shape':(1,2,),}  \n")]
    public void Open_HeaderInOtherSpelling_IsFine(string dictionary)
    {
        using Model model = Open(Array(dictionary, 8));
        Assert.Equal(2, model.Tensors[0].ElementCount);
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, "truncated")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, "1 bytes follow")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", 8, "expected '}'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", 8, "follows the dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", 8, "all needed")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'descr': '<f4'}", 8, "occurs twice")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", 8, "'x' is unknown")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", 8, "True or False")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", 8, "whole number")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}", 8, "expected ')'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': [2]}", 8, "expected '('")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", 8, "whole number")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", 8, "63 bits")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 8, "63 bits")]
    [InlineData("{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}", 8, "expected")]
    [InlineData("{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2,)}", 8, "escapes")]
    [InlineData("{'descr': [('x', '<f4'), 'fortran_order': False, 'shape': (2,)}", 8, "does not end")]
    [InlineData("__import__('os').system('true')", 8, "expected '{'")]
    [InlineData("", 0, "expected '{'")]
    public void Open_MalformedArray_SaysWhat(string dictionary, int dataLength, string expected)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(Array(dictionary, dataLength)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<f16")]
    [InlineData("|f4")]
    [InlineData("=f4")]
    [InlineData("f4")]
    [InlineData("<V2")]
    [InlineData("<U3")]
    [InlineData("")]
    public void Open_OtherElementTypes_AreUnsupported(string descriptor) => Assert.Throws<UnsupportedModelException>(
        () => Open(Array($"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': (2,)}}", 8)));

    [Fact]
    public void Open_Lenient_PassesOverTrailingBytes()
    {
        List<string> warnings = [];
        using Model model = Open(
            Array("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9), new ModelReadOptions { Lenient = true, Warn = warnings.Add });
        Assert.Equal(8, model.Tensors[0].ByteLength);
        Assert.Single(warnings);
    }

    [Fact]
    public void Open_UnknownVersion_IsRefused() =>
        Assert.Throws<ModelFormatException>(() => Open(Array("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, version: 4)));

    [Fact]
    public void Open_HostileHeaderLength_AllocatesNothingMuch()
    {
        byte[] file = Array("{", 0, version: 2);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), uint.MaxValue);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => Open(file));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void Open_HostileShape_AllocatesNothingMuch()
    {
        byte[] file = Array("{'descr': '<f4', 'fortran_order': True, 'shape': (1048576, 1048576)}", 4);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFormatException>(() => Open(file));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void DataOfAStoredArray_IsGivenOutAfterItsCheckValueAlone()
    {
        byte[] archive = TestAssets.Bytes("npz/savez.npz");
        using Model whole = NpzReader.Open(ByteSource.FromMemory(archive));
        Tensor tensor = whole.Tensors.First(tensor => tensor.ByteLength >= 8);
        int at = archive.AsSpan().IndexOf(tensor.Data.ReadAll().Span);
        tensor.Data.CopyTo(Stream.Null);
        archive[at + 3] ^= 0x10;

        using Model damaged = NpzReader.Open(ByteSource.FromMemory(archive));

        ByteSource data = damaged.Find(tensor.Name)!.Data;
        foreach (Action reading in (Action[])[() => data.ReadAll(), () => data.Read(0, new byte[1]), () => data.CopyTo(Stream.Null), () => data.TryGetMemory(out _)])
        {
            ModelFormatException error = Assert.Throws<ModelFormatException>(reading);
            Assert.Equal($"member '{tensor.Name}.npy'", error.Item);
            Assert.InRange(error.Offset, 1, at);
            Assert.Contains("CRC-32", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_DamagedFiles_SucceedOrFailInOrder()
    {
        byte[] array = Array("{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }", 24);
        foreach (byte[] damaged in Mutations.Truncations(array)) FuzzTargets.Npz.Run(damaged);
        foreach (byte[] damaged in Mutations.SingleBitFlips(array)) FuzzTargets.Npz.Run(damaged);
        foreach (byte[] damaged in Mutations.Random(array, 0xA88A1, 2000)) FuzzTargets.Npz.Run(damaged);
        byte[] archive = TestAssets.Bytes("npz/compressed.npz");
        foreach (byte[] damaged in Mutations.Random(archive, 0xA5C, 1000)) FuzzTargets.Npz.Run(damaged);
    }
}
