using System.Buffers.Binary;
using Tersor.Fuzz;
using Tersor.Models;
using Tersor.Models.PyTorch;

namespace Tersor.Tests.Models.PyTorch;

public class PyTorchReaderTests
{
    private static readonly float[] Ramp = [.. Enumerable.Range(0, 24).Select(i => (float)i)];

    private static Model OpenAsset(string name, ModelReadOptions? options = null) =>
        ModelFormats.Open(TestAssets.Path("pytorch/" + name), options);

    private static (ModelReadOptions Options, List<string> Warnings) Recording(bool lenient = false)
    {
        List<string> warnings = [];
        return (new ModelReadOptions { Lenient = lenient, Warn = warnings.Add }, warnings);
    }

    [Theory]
    [InlineData("float64", ElementType.Float64)]
    [InlineData("float32", ElementType.Float32)]
    [InlineData("float16", ElementType.Float16)]
    [InlineData("bfloat16", ElementType.BFloat16)]
    [InlineData("int64", ElementType.Int64)]
    [InlineData("int32", ElementType.Int32)]
    [InlineData("int16", ElementType.Int16)]
    [InlineData("int8", ElementType.Int8)]
    [InlineData("uint8", ElementType.UInt8)]
    [InlineData("bool", ElementType.Bool)]
    [InlineData("complex64", ElementType.Complex64)]
    [InlineData("complex128", ElementType.Complex128)]
    public void Open_PyTorchsTensors_OfEachType(string name, ElementType type)
    {
        using Model model = OpenAsset("kinds.pt");
        Tensor tensor = model.Find(name)!;
        Assert.Equal((type, new TensorShape(2, 3, 4)), (tensor.ElementType, tensor.Shape));
        ReadOnlySpan<byte> bytes = tensor.Data.ReadAll().Span;
        int width = type.BitWidth() / 8;
        for (int i = 0; i < 24; i++)
        {
            ReadOnlySpan<byte> element = bytes[(i * width)..];
            double value = type switch
            {
                ElementType.Float64 or ElementType.Complex128 => BinaryPrimitives.ReadDoubleLittleEndian(element),
                ElementType.Float32 or ElementType.Complex64 => BinaryPrimitives.ReadSingleLittleEndian(element),
                ElementType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
                ElementType.BFloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
                ElementType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(element),
                ElementType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(element),
                ElementType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(element),
                _ => element[0],
            };
            Assert.Equal(type == ElementType.Bool ? i % 2 : i, value);
        }
    }

    [Fact]
    public void Open_ViewsAndOddShapes_AreInRowMajorOrder()
    {
        using Model model = OpenAsset("kinds.pt");
        Assert.Equal("pytorch", model.Format);
        Assert.Equal([1.5f], model.Find("scalar")!.ReadSingles());
        Assert.Equal(new TensorShape(0, 3), model.Find("empty")!.Shape);
        Assert.Equal([13, 14, 17, 18, 21, 22], model.Find("slice")!.ReadSingles());
        Assert.Equal(new TensorShape(4, 2, 3), model.Find("transposed")!.Shape);
        float[] transposed = model.Find("transposed")!.ReadSingles();
        for (int i = 0; i < 24; i++) Assert.Equal(Ramp[(i / 3 % 2 * 12) + (i % 3 * 4) + (i / 6)], transposed[i]);
        Assert.Equal(Ramp, model.Find("tied")!.ReadSingles());
        Assert.Equal(Ramp[..12], model.Find("parameter")!.ReadSingles());
        Assert.True(model.Find("float32")!.Data.ReadsInParts, "a row-major tensor stays a window of the file");
    }

    [Fact]
    public void Open_StateDictionaryAmongOtherValues_TakesItsNamesAndSaysSo()
    {
        (ModelReadOptions options, List<string> warnings) = Recording();
        using Model model = OpenAsset("wrapped.pt", options);
        Assert.Equal(
            ["conv.weight", "conv.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"],
            model.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([1.5f, 1.5f], model.Find("conv.bias")!.ReadSingles());
        Assert.Equal(2, warnings.Count);
        Assert.Contains("'state_dict'", warnings[0], StringComparison.Ordinal);
        Assert.EndsWith("ignored 2 values that are no tensors: epoch, note", warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SeveralDictionariesWithTensors_KeepsFullPaths()
    {
        using Model model = OpenAsset("training.ckpt");
        Assert.Equal(new TensorShape(2, 1, 3, 3), model.Find("model.conv.weight")!.Shape);
        Assert.Equal(new TensorShape(2, 1, 3, 3), model.Find("optimizer.state.0.exp_avg")!.Shape);
    }

    [Theory]
    [InlineData("protocol4.pt", "w")]
    [InlineData("lone.pt", "lone")]
    public void Open_OtherForms(string file, string name)
    {
        using Model model = OpenAsset(file);
        Assert.Equal(Ramp, model.Find(name)!.ReadSingles());
    }

    [Theory]
    [InlineData("module.pt", "global __main__.Net is not allowed")]
    [InlineData("module.pt", "global torch.nn.modules.conv.Conv2d is not allowed")]
    [InlineData("legacy.pt", "before 1.6")]
    [InlineData("script.pt", "TorchScript")]
    [InlineData("expanded.pt", "clone()")]
    public void Open_WhatIsNotRead_IsRefusedWithAdvice(string file, string expected)
    {
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(() => OpenAsset(file));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ModuleLeniently_PassesOverObjectsWithoutMakingThem()
    {
        (ModelReadOptions options, List<string> warnings) = Recording(lenient: true);
        using Model model = OpenAsset("module.pt", options);
        Assert.Empty(model.Tensors);
        Assert.Contains(warnings, warning => warning.Contains("__main__.Net", StringComparison.Ordinal));
    }

    [Fact]
    public void Open_TarOfTheFirstReleases_IsRefusedWithAdvice()
    {
        byte[] tar = new byte[1024];
        "ustar"u8.CopyTo(tar.AsSpan(257));
        Assert.Contains("before 1.6", Assert.Throws<UnsupportedModelException>(() => Checkpoint.Open(tar)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_UntypedStorage_TakesTheTypeOfTheTensor()
    {
        // As PyTorch 2 writes types that never had a storage class.
        byte[] pickle = new PickleAssembler().Op("}").Text("w")
            .Global("torch._utils", "_rebuild_tensor_v3").Op("(")
            .Storage("torch.storage.UntypedStorage", "0", 6).Number(1).Numbers(2).Numbers(1).Raw(0x89)
            .Global("collections", "OrderedDict").Op(")R").Global("torch", "uint16").Op("tRs").Stop();
        using Model model = Checkpoint.Open(Checkpoint.Of(pickle, ("data/0", [1, 2, 3, 4, 5, 6]), ("byteorder", "little"u8.ToArray())));
        Assert.Equal(ElementType.UInt16, model.Tensors[0].ElementType);
        Assert.Equal([3, 4, 5, 6], model.Tensors[0].Data.ReadAll().ToArray());
    }

    [Fact]
    public void Open_BigEndianCheckpoint_IsPutInOrder()
    {
        byte[] pickle = new PickleAssembler().Op("}").Text("w").Tensor("torch.ShortStorage", "0", 4, 0, [2, 2], [1, 2]).Op("s").Stop();
        using Model model = Checkpoint.Open(Checkpoint.Of(pickle, ("data/0", [0, 1, 0, 2, 0, 3, 0, 4]), ("byteorder", "big"u8.ToArray())));
        Assert.Equal([1, 0, 3, 0, 2, 0, 4, 0], model.Tensors[0].Data.ReadAll().ToArray());
        Assert.Throws<ModelFormatException>(() => Checkpoint.Open(Checkpoint.Of(pickle, ("data/0", new byte[8]), ("byteorder", "middle"u8.ToArray()))));
    }

    [Fact]
    public void Open_TensorSubclassWithState_IsItsTensor()
    {
        byte[] pickle = new PickleAssembler().Op("}").Text("w")
            .Global("torch._tensor", "_rebuild_from_type_v2").Op("(")
            .Global("torch._utils", "_rebuild_tensor_v2").Global("torch", "Tensor").Op("(")
            .Storage("torch.FloatStorage", "0", 2).Number(0).Numbers(2).Numbers(1).Raw(0x89).Global("collections", "OrderedDict").Op(")Rt}tRs").Stop();
        using Model model = Checkpoint.Open(Checkpoint.Of(pickle, ("data/0", Checkpoint.Singles(2))));
        Assert.Equal([0, 1], model.Find("w")!.ReadSingles());
    }

    [Fact]
    public void Open_ListOfTensors_NamesThemByPosition()
    {
        byte[] pickle = new PickleAssembler().Op("]").Op("(")
            .Tensor("torch.FloatStorage", "0", 2, 0, [2], [1]).Tensor("torch.FloatStorage", "0", 2, 1, [], []).Op("e").Stop();
        using Model model = Checkpoint.Open(Checkpoint.Of(pickle, ("data/0", Checkpoint.Singles(2))));
        Assert.Equal(["0", "1"], model.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([1], model.Find("1")!.ReadSingles());
    }

    [Theory]
    [InlineData("torch.FloatStorage", 4, 0, new long[] { 5 }, new long[] { 1 })] // longer than the storage
    [InlineData("torch.FloatStorage", 4, 1, new long[] { 4 }, new long[] { 1 })] // past its end
    [InlineData("torch.FloatStorage", 4, 0, new long[] { 2 }, new long[] { 4 })] // a stride past its end
    [InlineData("torch.FloatStorage", 4, 5, new long[] { 0 }, new long[] { 1 })] // an empty tensor behind it
    [InlineData("torch.FloatStorage", 4, -1, new long[] { 2 }, new long[] { 1 })]
    [InlineData("torch.FloatStorage", 4, 0, new long[] { 2 }, new long[] { -1 })]
    [InlineData("torch.FloatStorage", 4, 0, new long[] { -2 }, new long[] { 1 })]
    [InlineData("torch.FloatStorage", 4, 0, new long[] { 2 }, new long[] { 1, 1 })]
    [InlineData("torch.FloatStorage", 4, 0, new long[] { 1L << 62, 4 }, new long[] { 0, 0 })]
    [InlineData("torch.FloatStorage", 4, 0, new long[] { 3, 3 }, new long[] { long.MaxValue, long.MaxValue })]
    [InlineData("torch.FloatStorage", -4, 0, new long[] { 2 }, new long[] { 1 })]
    [InlineData("torch.FloatStorage", long.MaxValue, 0, new long[] { 2 }, new long[] { 1 })]
    [InlineData("torch.FloatStorage", 5, 0, new long[] { 2 }, new long[] { 1 })] // the member is shorter
    [InlineData("torch.FloatStorage", 3, 0, new long[] { 2 }, new long[] { 1 })] // the member is longer
    [InlineData("torch.UntypedStorage", 16, 0, new long[] { 2 }, new long[] { 1 })] // no type at all
    public void Open_ViewOutsideItsStorage_IsMalformed(string storageClass, long count, long offset, long[] sizes, long[] strides)
    {
        byte[] pickle = new PickleAssembler().Op("}").Text("w").Tensor(storageClass, "0", count, offset, sizes, strides).Op("s").Stop();
        Assert.Throws<ModelFormatException>(() => Checkpoint.Open(Checkpoint.Of(pickle, ("data/0", Checkpoint.Singles(4)))));
    }

    [Fact]
    public void Open_MissingStorage_IsNamed()
    {
        byte[] pickle = new PickleAssembler().Op("}").Text("w").Tensor("torch.FloatStorage", "../../etc", 2, 0, [2], [1]).Op("s").Stop();
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Checkpoint.Open(Checkpoint.Of(pickle)));
        Assert.Equal("tensor 'w'", error.Item);
        Assert.Contains("'archive/data/../../etc'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LongerStorage_IsToleratedLeniently()
    {
        byte[] pickle = new PickleAssembler().Op("}").Text("w").Tensor("torch.FloatStorage", "0", 3, 0, [3], [1]).Op("s").Stop();
        (ModelReadOptions options, List<string> warnings) = Recording(lenient: true);
        using Model model = Checkpoint.Open(Checkpoint.Of(pickle, ("data/0", Checkpoint.Singles(4))), options);
        Assert.Equal([0, 1, 2], model.Tensors[0].ReadSingles());
        Assert.Single(warnings);
    }

    [Fact]
    public void Open_StrideZeroOverHugeShape_IsRefusedWithoutAllocating()
    {
        byte[] pickle = new PickleAssembler().Op("}").Text("w").Tensor("torch.FloatStorage", "0", 1, 0, [1 << 20, 1 << 20], [0, 0]).Op("s").Stop();
        byte[] file = Checkpoint.Of(pickle, ("data/0", Checkpoint.Singles(1)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<UnsupportedModelException>(() => Checkpoint.Open(file));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
    }

    [Fact]
    public void Open_QuantizedAndConjugatedTensors_AreRefusedByName()
    {
        byte[] pickle = new PickleAssembler().Op("}(")
            .Text("a").Tensor("torch.QInt8Storage", "0", 2, 0, [2], [1])
            .Text("b").Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage("torch.ComplexFloatStorage", "1", 1)
            .Number(0).Numbers(1).Numbers(1).Raw(0x89).Global("collections", "OrderedDict").Op(")R}").Text("conj").Raw(0x88).Op("stRu").Stop();
        UnsupportedModelException error = Assert.Throws<UnsupportedModelException>(
            () => Checkpoint.Open(Checkpoint.Of(pickle, ("data/0", new byte[2]), ("data/1", new byte[8]))));
        Assert.Contains("torch.QInt8Storage", error.Message, StringComparison.Ordinal);
        Assert.Contains("conjugated", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ArchiveWithoutCheckpoint_SaysSo()
    {
        MemoryStream stream = new();
        Tersor.Models.Zip.ZipWriter archive = new(stream);
        archive.Add("readme", 0, _ => { });
        archive.Finish();
        Assert.Contains("data.pkl", Assert.Throws<ModelFormatException>(() => Checkpoint.Open(stream.ToArray())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Format_IsReadOnly()
    {
        using Model model = OpenAsset("lone.pt");
        Assert.False(new PyTorchFormat().CanWrite);
        Assert.Throws<NotSupportedException>(() => new PyTorchFormat().Write(model, "unused.pt", ModelWriteOptions.Default));
    }

    [Fact]
    public void Open_DamagedFiles_SucceedOrFailInOrder()
    {
        foreach (string name in (ReadOnlySpan<string>)["protocol4.pt", "wrapped.pt", "module.pt"])
        {
            byte[] file = TestAssets.Bytes("pytorch/" + name);
            foreach (byte[] damaged in Mutations.Random(file, 0xBADF00D, 1500)) FuzzTargets.PyTorch.Run(damaged);
        }

        foreach (byte[] damaged in Mutations.Truncations(TestAssets.Bytes("pytorch/lone.pt"))) FuzzTargets.PyTorch.Run(damaged);
        foreach (byte[] damaged in Mutations.SingleBitFlips(TestAssets.Bytes("pytorch/lone.pt"))) FuzzTargets.PyTorch.Run(damaged);
    }

    [Fact]
    public void Open_DamagedPicklesInSoundArchives_SucceedOrFailInOrder()
    {
        byte[] pickle = new PickleAssembler(protocol: 4).Op("}(")
            .Text("a").Tensor("torch.FloatStorage", "0", 6, 1, [2, 2], [1, 2])
            .Text("b").Op("](K\u0001K\u0002e").Text("c").Global("torch", "Size").Numbers(3).Raw(0x85).Op("R")
            .Text("d").Global("argparse", "Namespace").Op(")").Raw(0x81).Op("}b").Op("u}b").Stop();
        (string, byte[])[] members = [("data/0", Checkpoint.Singles(6)), ("byteorder", "big"u8.ToArray())];
        FuzzTargets.PyTorch.Run(Checkpoint.Of(pickle, members));
        foreach (byte[] damaged in Mutations.SingleBitFlips(pickle)) FuzzTargets.PyTorch.Run(Checkpoint.Of(damaged, members));
        foreach (byte[] damaged in Mutations.Random(pickle, 0x91C1E, 4000)) FuzzTargets.PyTorch.Run(Checkpoint.Of(damaged, members));
    }
}
