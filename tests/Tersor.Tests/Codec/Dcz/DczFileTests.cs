using System.Buffers.Binary;
using Tersor.Codec.Dcz;
using Tersor.Fuzz;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Tests.Codec.Dcz;

public sealed class DczFileTests
{
    public static TheoryData<ElementType> NumericTypes => [.. ElementTypes.All.Where(type => type.IsNumeric())];

    [Theory]
    [MemberData(nameof(NumericTypes))]
    public void WriteRead_EveryElementTypeAndShape_ComesBack(ElementType type)
    {
        foreach (TensorShape shape in new[] { new TensorShape(5, 7), default, new TensorShape(3), new TensorShape(0, 4) })
        {
            byte[] bytes = new byte[type.ByteLength(shape.ElementCount)];
            new Seeded(5).Fill(bytes);
            AssertComesBack(Model(new Tensor("t", type, shape, ByteSource.FromMemory(bytes))));
        }
    }

    [Fact]
    public void WriteRead_RandomModels_ComeBack()
    {
        Seeded random = new(21);
        for (int round = 0; round < 40; round++)
        {
            Tensor[] tensors = [.. Enumerable.Range(0, random.NextInt(6)).Select(i =>
            {
                int rows = 1 + random.NextInt(40);
                int columns = 1 + random.NextInt(40);
                float[] values = SharedTensorTests.RandomShared(random, rows * columns, 1 + random.NextInt(30), 1 + random.NextInt(2000));
                return new Tensor($"layer{i}/é.weight", new TensorShape(rows, columns), values);
            })];
            AssertComesBack(new Model("test", "test", tensors, new Dictionary<string, string> { ["b"] = "ä", ["a"] = "" }));
        }
    }

    [Fact]
    public void Write_Tensors_AreNeverLargerThanTheirElements()
    {
        float[] distinct = [.. Enumerable.Range(0, 500).Select(i => MathF.Sin(i))];
        float[] shared = SharedTensorTests.RandomShared(new Seeded(2), 500, 10, 8);
        using DczFile file = Open(Write(Model(new Tensor("distinct", new TensorShape(500), distinct), new Tensor("shared", new TensorShape(500), shared), new Tensor("one", new TensorShape(1), [0f]))));

        Assert.Equal([null, "shared", null], file.Tensors.Select(tensor => tensor.Sharing is null ? null : tensor.Name));
        Assert.Equal([2000L, file.Tensors[1].Sharing!.ByteCount, 4L], file.Tensors.Select(tensor => tensor.ByteCount));
        Assert.InRange(file.Tensors[1].ByteCount, 1, 150);
    }

    [Fact]
    public void Write_OnnxModel_BringsItsGraphBackByteForByte()
    {
        using Model source = OnnxModel.Open(ByteSource.FromMemory(Network()));
        byte[] file = Write(source);

        using Model back = DczFormat.Open(ByteSource.FromMemory(file));

        Assert.Equal(Network(), OnnxWriter.ToArray(Assert.IsType<OnnxModel>(back)));
        Assert.Equal(file, Write(back));
        using DczFile opened = Open(file);
        Assert.Equal(["fc.weight"], opened.Tensors.Select(tensor => tensor.Name));
        Assert.InRange(file.Length, 1, Network().Length / 4);
    }

    [Fact]
    public void Write_ModelWithOtherValuesThanItsFile_HoldsThose()
    {
        using Model source = OnnxModel.Open(ByteSource.FromMemory(Network()));
        using Model revised = source.WithTensors(new Dictionary<string, Tensor> { ["fc.bias"] = new("fc.bias", new TensorShape(10), new float[10]) });

        using Model back = DczFormat.Open(ByteSource.FromMemory(Write(revised)));

        Assert.Equal(new float[10], back.Find("fc.bias")!.ReadSingles());
        Assert.Equal(source.Find("fc.weight")!.ReadSingles(), back.Find("fc.weight")!.ReadSingles());
    }

    [Fact]
    public void Write_TextAndBrokenNames_AreAllListed()
    {
        Model model = Model(new Tensor("text", ElementType.String, new TensorShape(2), ByteSource.FromMemory(new byte[3])), new Tensor("half \ud800", new TensorShape(1), [1]));

        Assert.Equal(2, Assert.Throws<UnsupportedModelException>(() => Write(model)).Items.Count);
    }

    [Fact]
    public void Open_EveryTruncation_Throws()
    {
        foreach (byte[] part in Mutations.Truncations(Small())) Assert.Throws<ModelFormatException>(() => Open(part));
    }

    [Fact]
    public void Open_TrailingBytes_AreRefused() => Assert.Throws<ModelFormatException>(() => Open([.. Small(), 0]));

    [Fact]
    public void Open_DamagedFiles_SucceedOrFailInOrder()
    {
        foreach (byte[] damaged in Mutations.SingleBitFlips(Small())) FuzzTargets.Dcz.Run(damaged);
        foreach (byte[] damaged in Mutations.Random(Small(), 3, 3000)) FuzzTargets.Dcz.Run(damaged);
    }

    [Fact]
    public void Read_DamagedTensor_IsNamedWithItsPlace()
    {
        byte[] bytes = Small();
        using DczFile file = Open(bytes);
        DczTensor weight = file.Tensors[0];
        bytes[weight.Offset + weight.Sharing!.CodebookBytes] ^= 0x10;
        using Model model = DczFormat.Open(ByteSource.FromMemory(bytes, "file.dcz"));

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => model.Tensors[0].ReadSingles());

        Assert.Equal(("file.dcz", "tensor 'weight'", weight.Offset), (error.File, error.Item, error.Offset));
        Assert.Contains("the code lengths of its ids make no code", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnotherVersion_IsNotSupported()
    {
        byte[] bytes = Small();
        bytes[4] = 2;
        Assert.Contains("version 2", Assert.Throws<UnsupportedModelException>(() => Open(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_HostileSizes_AllocateNothingMuch()
    {
        const long Huge = 1L << 60;
        byte[][] directories =
        [
            FileOf(writer => writer.WriteCount(Huge)),
            FileOf(writer => Counts(writer, 0, Huge)),
            FileOf(writer => Counts(writer, 0, 0, Huge)),
            FileOf(writer => Counts(writer, 0, 0, 1, Huge)),
            OneTensor(writer => Counts(writer, Huge)),
            OneTensor(writer => Counts(writer, 2, Huge, Huge)),
            OneTensor(writer => Counts(writer, 1, Huge, 0)),
            OneTensor(writer => Counts(writer, 1, 1 << 20, 1, 4, Huge)),
            OneTensor(writer => Counts(writer, 1, 1 << 20, 1, 4, 2, Huge)),
            OneTensor(writer => Counts(writer, 1, 1 << 20, 1, 4, 2, 1 << 20, 0, 1 << 17, 1 << 17)),
            OneTensor(writer => Counts(writer, 1, Huge, 1, 0, 1, 0, 0, 0, 0)),
        ];
        foreach (byte[] bytes in directories)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<ModelFormatException>(() => Open(bytes));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000);
        }
    }

    [Fact]
    public void Read_ElementsThatNoBitStandsFor_AreLimited()
    {
        byte[] bytes = [.. OneTensor(writer => Counts(writer, 1, 1 << 28, 1, 0, 1, 0, 0, 0, 0)), 0, 0, 0, 0];
        using Model model = DczFormat.Open(ByteSource.FromMemory(bytes));
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ResourceLimitException>(() => model.Tensors[0].Data.ReadAll());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000);
    }

    [Fact]
    public void Open_LimitsOfDirectoryAndGraph_AreKept()
    {
        ModelReadOptions tight = ModelReadOptions.Default with { MaxHeaderBytes = 10 };
        Assert.Throws<ResourceLimitException>(() => DczFile.Open(ByteSource.FromMemory(Small()), tight));
        using Model source = OnnxModel.Open(ByteSource.FromMemory(Network()));
        byte[] file = Write(source);
        Assert.Throws<ResourceLimitException>(() => DczFormat.Open(ByteSource.FromMemory(file), ModelReadOptions.Default with { MaxHeaderBytes = 100 }));
    }

    [Fact]
    public void Format_IsKnownByContentAlone()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["renamed"], Small());
        Assert.IsType<DczFormat>(ModelFormats.Detect(folder["renamed"]));
        Assert.IsType<DczFormat>(ModelFormats.ForPath("x.dcz"));
    }

    internal static byte[] Network()
    {
        OnnxGraphBuilder graph = new("shared");
        string x = graph.AddInput("input", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(64));
        string weight = graph.AddInitializer(new Tensor("fc.weight", new TensorShape(10, 64), SharedTensorTests.RandomShared(new Seeded(4), 640, 10, 15)));
        string bias = graph.AddInitializer(new Tensor("fc.bias", new TensorShape(10), [.. Enumerable.Range(0, 10).Select(i => MathF.Cos(i))]));
        graph.AddNode("Gemm", [x, weight, bias], [new OnnxAttribute("transB", 1)], "logits");
        graph.AddOutput("logits", ElementType.Float32, new OnnxDimension("N"), new OnnxDimension(10));
        using MemoryStream stream = new();
        graph.Build().WriteTo(stream);
        return stream.ToArray();
    }

    private static byte[] Small() => Write(new Model(
        "test",
        "test",
        [new Tensor("weight", new TensorShape(8, 20), SharedTensorTests.RandomShared(new Seeded(9), 160, 8, 6)), new Tensor("bias", new TensorShape(3), [1, 2, 3])],
        new Dictionary<string, string> { ["key"] = "value" }));

    private static byte[] FileOf(Action<DirectoryWriter> fill)
    {
        DirectoryWriter writer = new();
        fill(writer);
        byte[] bytes = [.. DczDirectory.Magic, 1, 0, 0, 0, 0, .. writer.Written];
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(5), writer.Written.Length);
        return bytes;
    }

    // No metadata, no graph, one tensor of float32.
    private static byte[] OneTensor(Action<DirectoryWriter> fill) => FileOf(writer =>
    {
        Counts(writer, 0, 0, 1);
        writer.WriteText("t");
        writer.WriteByte((byte)ElementType.Float32);
        fill(writer);
    });

    private static void Counts(DirectoryWriter writer, params long[] values)
    {
        foreach (long value in values) writer.WriteCount(value);
    }

    private static Model Model(params Tensor[] tensors) => new("test", "test", tensors);

    private static DczFile Open(byte[] bytes) => DczFile.Open(ByteSource.FromMemory(bytes));

    private static byte[] Write(Model model)
    {
        using MemoryStream stream = new();
        DczWriter.Write(model, stream);
        return stream.ToArray();
    }

    private static void AssertComesBack(Model model)
    {
        byte[] file = Write(model);
        using Model back = DczFormat.Open(ByteSource.FromMemory(file));
        Assert.Equal(model.Tensors.Select(tensor => (tensor.Name, tensor.ElementType, tensor.Shape)), back.Tensors.Select(tensor => (tensor.Name, tensor.ElementType, tensor.Shape)));
        Assert.Equal(model.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal), back.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal));
        foreach (Tensor tensor in model.Tensors) Assert.Equal(tensor.Data.ReadAll().ToArray(), back.Find(tensor.Name)!.Data.ReadAll().ToArray());
        Assert.Equal(file, Write(back));
    }
}
