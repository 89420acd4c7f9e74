using System.Text;
using Tersor.Models;
using Tersor.Models.Safetensors;

namespace Tersor.Tests.Models.Safetensors;

public class SafetensorsWriterTests
{
    private static byte[] Write(Model model)
    {
        MemoryStream stream = new();
        SafetensorsWriter.Write(model, stream);
        return stream.ToArray();
    }

    private static Model Of(params IReadOnlyList<Tensor> tensors) => new("test", "test", tensors);

    private static Tensor Filled(string name, ElementType type, params long[] shape)
    {
        TensorShape dimensions = new(shape);
        byte[] bytes = new byte[type.ByteLength(dimensions.ElementCount)];
        new Seeded((ulong)bytes.Length).Fill(bytes);
        return new Tensor(name, type, dimensions, ByteSource.FromMemory(bytes));
    }

    [Fact]
    public void Write_KnownModel_GivesTheReferencesBytes()
    {
        // As in the serialization test of the reference implementation.
        byte[] file = Write(Of(new Tensor("attn.0", new TensorShape(1, 2, 3), [0, 1, 2, 3, 4, 5])));
        byte[] expected = SafetensorsFile.Of(
            Encoding.UTF8.GetBytes("""{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}} """.PadRight(64)[..64]),
            [0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64]);
        Assert.Equal(expected, file);
    }

    [Fact]
    public void Write_Header_IsPaddedWithSpacesToEightBytes()
    {
        for (int length = 1; length <= 9; length++)
        {
            byte[] file = Write(Of(Filled(new string('n', length), ElementType.UInt8, 1)));
            Assert.Equal(0, BitConverter.ToInt64(file) % 8);
            Assert.Matches("}} {0,7}$", Encoding.UTF8.GetString(file, 8, (int)BitConverter.ToInt64(file)));
        }
    }

    [Fact]
    public void Write_MetadataAndNames_EscapeOnlyWhatJsonMust()
    {
        Dictionary<string, string> metadata = new() { ["b"] = "é\u2028", ["a"] = "quote\" slash\\ / tab\t bell\u0007" };
        byte[] file = Write(new Model("test", "test", [], metadata));
        Assert.Equal(
            """{"__metadata__":{"a":"quote\" slash\\ / tab\t bell\u0007","b":"é""" + "\u2028\"}}",
            Encoding.UTF8.GetString(file.AsSpan(8)).TrimEnd(' '));
    }

    [Fact]
    public void Write_AlignedOrder_IsTheModels()
    {
        using Model model = SafetensorsReader.Open(ByteSource.FromMemory(Write(Of(
            Filled("z", ElementType.Float32, 2), Filled("a", ElementType.Int64, 1), Filled("m", ElementType.UInt8, 3)))));
        Assert.Equal(["z", "a", "m"], model.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Write_OrderThatWouldMisalign_PutsWideElementsFirst()
    {
        using Model model = SafetensorsReader.Open(ByteSource.FromMemory(Write(Of(
            Filled("z", ElementType.UInt8, 3), Filled("y", ElementType.Float32, 1), Filled("x", ElementType.Float64, 1), Filled("a", ElementType.Float32, 1)))));
        Assert.Equal(["x", "y", "a", "z"], model.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void Write_TypesTheFormatLacks_AreAllListed()
    {
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => Write(Of(
            Filled("a", ElementType.Int4, 2), Filled("b", ElementType.Float32, 2), Filled("c", ElementType.Complex128, 1), Filled("d", ElementType.Float4E2M1, 3), Filled("__metadata__", ElementType.UInt8, 1))));
        Assert.Equal(4, error.Items.Count);
    }

    [Fact]
    public void ReadWrite_RandomModels_ComeBackByteForByte()
    {
        Seeded random = new(2026);
        ElementType[] types = [.. ElementType.Float32.GetType().GetEnumValues().Cast<ElementType>().Where(type => SafetensorsElementType.NameOf(type) is not null)];
        for (int round = 0; round < 100; round++)
        {
            List<Tensor> tensors = [];
            for (int i = random.NextInt(6); i > 0; i--)
            {
                long[] shape = [.. Enumerable.Range(0, random.NextInt(4)).Select(_ => (long)random.NextInt(4)), 2];
                tensors.Add(Filled($"t{i}\u00e9\"", types[random.NextInt(types.Length)], shape));
            }

            Dictionary<string, string> metadata = Enumerable.Range(0, random.NextInt(3)).ToDictionary(i => $"k{i}", i => $"v{random.NextInt(9)}");
            byte[] first = Write(new Model("test", "test", tensors, metadata));
            using Model back = SafetensorsReader.Open(ByteSource.FromMemory(first));
            Assert.Equal(metadata, back.Metadata);
            foreach (Tensor tensor in tensors)
            {
                Tensor read = back.Find(tensor.Name)!;
                Assert.Equal((tensor.ElementType, tensor.Shape), (read.ElementType, read.Shape));
                Assert.Equal(tensor.Data.ReadAll().ToArray(), read.Data.ReadAll().ToArray());
            }

            Assert.Equal(first, Write(back));
        }
    }

    [SkippableTheory]
    [InlineData("lenet5")]
    [InlineData("resnet20")]
    [InlineData("squeezenet-v1.0-deep-compressed")]
    public void ReadWrite_SharedModel_KeepsHeaderOrderAndData(string name)
    {
        string path = SharedAssets.Require($"models/{name}.safetensors");
        using TemporaryFolder folder = new();
        using (Model model = ModelFormats.Open(path)) new SafetensorsFormat().Write(model, folder["out.safetensors"], ModelWriteOptions.Default);
        byte[] original = File.ReadAllBytes(path), written = File.ReadAllBytes(folder["out.safetensors"]);
        int originalHeader = (int)BitConverter.ToInt64(original), writtenHeader = (int)BitConverter.ToInt64(written);
        Assert.Equal(
            Encoding.UTF8.GetString(original, 8, originalHeader).TrimEnd(' '), Encoding.UTF8.GetString(written, 8, writtenHeader).TrimEnd(' '));
        Assert.Equal(original.AsSpan(8 + originalHeader), written.AsSpan(8 + writtenHeader));
    }
}
