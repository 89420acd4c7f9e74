using System.Text;
using Tersor.Models;
using Tersor.Models.Npz;

namespace Tersor.Tests.Models.Npz;

public class NpzWriterTests
{
    private static byte[] Write(Model model)
    {
        MemoryStream stream = new();
        NpzWriter.Write(model, stream);
        return stream.ToArray();
    }

    private static Tensor Filled(string name, ElementType type, params long[] shape)
    {
        TensorShape dimensions = new(shape);
        byte[] bytes = new byte[type.ByteLength(dimensions.ElementCount)];
        new Seeded((ulong)(bytes.Length + (int)type)).Fill(bytes);
        return new Tensor(name, type, dimensions, ByteSource.FromMemory(bytes));
    }

    [Fact]
    public void WriteArray_GivesNumPysBytes()
    {
        using Model model = ModelFormats.Open(TestAssets.Path("npz/version1.npy"));
        MemoryStream stream = new();
        NpzWriter.WriteArray(model, stream);
        Assert.Equal(TestAssets.Bytes("npz/version1.npy"), stream.ToArray());
    }

    [Theory]
    [InlineData("()")]
    [InlineData("(5,)", 5)]
    [InlineData("(0, 3)", 0, 3)]
    public void Header_SpellsShapesAsNumPyDoes(string expected, params int[] shape)
    {
        byte[] header = NpyHeader.Make("<f4", new TensorShape([.. shape.Select(d => (long)d)]));
        Assert.Equal(0, header.Length % 64);
        Assert.StartsWith(
            $"{{'descr': '<f4', 'fortran_order': False, 'shape': {expected}, }} ", Encoding.ASCII.GetString(header, 10, header.Length - 10), StringComparison.Ordinal);
        Assert.Equal((byte)'\n', header[^1]);
    }

    [Fact]
    public void WriteRead_EveryType_ComesBack()
    {
        Tensor[] tensors = [.. ElementTypes.All.Where(type => NpyElementType.DescriptorOf(type) is not null).Select(type => Filled(type.Name(), type, 2, 3))];
        Assert.Equal(14, tensors.Length);
        byte[] file = Write(new Model("test", "test", [.. tensors, Filled("a/b é.npy", ElementType.Int8), Filled("none", ElementType.Float64, 3, 0)]));
        using Model back = NpzReader.Open(ByteSource.FromMemory(file));
        Assert.Equal([.. tensors.Select(tensor => tensor.Name), "a/b é.npy", "none"], back.Tensors.Select(tensor => tensor.Name));
        foreach (Tensor tensor in tensors)
        {
            Tensor read = back.Find(tensor.Name)!;
            Assert.Equal((tensor.ElementType, tensor.Shape), (read.ElementType, read.Shape));
            Assert.Equal(tensor.Data.ReadAll().ToArray(), read.Data.ReadAll().ToArray());
        }

        Assert.Equal(file, Write(back));
    }

    [Fact]
    public void Write_TypesNumPyLacks_AreAllListed()
    {
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => Write(new Model("test", "test",
            [Filled("a", ElementType.BFloat16, 2), Filled("b", ElementType.Float32, 2), Filled("c", ElementType.Int4, 2), Filled("d", ElementType.Int8, new long[33])])));
        Assert.Equal(3, error.Items.Count);
    }

    [Fact]
    public void Format_WritesArchivesAndSingleArrays()
    {
        using TemporaryFolder folder = new();
        using Model one = new("test", "test", [Filled("x", ElementType.Float32, 4)]);
        using Model two = new("test", "test", [Filled("x", ElementType.Float32, 4), Filled("y", ElementType.UInt8, 1)]);
        NpzFormat format = new();
        format.Write(one, folder["x.npy"], ModelWriteOptions.Default);
        format.Write(two, folder["two.npz"], ModelWriteOptions.Default);
        Assert.Throws<UnsupportedModelException>(() => format.Write(two, folder["y.npy"], ModelWriteOptions.Default));
        Assert.Throws<IOException>(() => format.Write(one, folder["x.npy"], ModelWriteOptions.Default));
        Assert.Equal(["two.npz", "x.npy"], folder.FileNames);
        using Model back = ModelFormats.Open(folder["x.npy"]);
        Assert.Equal(one.Tensors[0].ReadSingles(), back.Find("x")!.ReadSingles());
        File.Move(folder["two.npz"], folder["two"]);
        using Model renamed = ModelFormats.Open(folder["two"]);
        Assert.Equal(2, renamed.Tensors.Count);
    }
}
