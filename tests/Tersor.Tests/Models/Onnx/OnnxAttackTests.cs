using System.Diagnostics;
using Google.Protobuf;
using Tersor.Fuzz;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests.Models.Onnx.Oracle;
using static Tersor.Tests.Models.Onnx.OnnxProtos;

namespace Tersor.Tests.Models.Onnx;

/// <summary>Damaged and hostile files end in success or one documented error, in little memory and time.</summary>
public class OnnxAttackTests
{
    private const long AllocationLimit = 1 << 20;

    [Fact]
    public void Open_CutAtEveryByte_IsReadOrRefused()
    {
        int refused = 0;
        foreach (byte[] cut in Mutations.Truncations(Everything())) refused += OpensAndRefills(cut) ? 0 : 1;

        // What may end anywhere is the unknown field, the last ones and whole fields of the outermost message.
        Assert.InRange(refused, Everything().Length - 30, Everything().Length);
    }

    [Fact]
    public void Open_EverySingleBitFlip_IsReadOrRefusedInLittleMemory()
    {
        foreach (byte[] flipped in Mutations.SingleBitFlips(Everything()))
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            OpensAndRefills(flipped);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocationLimit);
        }
    }

    [Fact]
    public void Open_RandomDamage_IsReadOrRefused()
    {
        byte[] valid = Everything();
        foreach (byte[] damaged in Mutations.Random(valid, seed: 20, count: 4_000)) FuzzTargets.Onnx.Run(damaged);
    }

    [Fact]
    public void FromTopology_RandomDamage_JoinsOrIsRefused()
    {
        using OnnxModel model = Open(Everything());
        foreach (Func<Tensor, bool> isCoded in (Func<Tensor, bool>[])[_ => true, tensor => tensor.ByteLength > 8])
        {
            byte[] valid = model.MakeTopology(isCoded).Bytes.ToArray();
            FuzzTarget target = OnnxTargets.Topology("onnx-topology", model.Find);
            foreach (byte[] damaged in Mutations.Random(valid, seed: 21, count: 1_500)) target.Run(damaged);
        }
    }

    [Fact]
    public void FromTopology_RandomDamageToExternalData_JoinsOrIsRefused()
    {
        byte[] valid = Model(
            External("a", [2], "w.bin", ("offset", "8"), ("checksum", new string('0', 40))),
            External("b", [2], "w.bin"),
            Raw("c", ElementType.UInt8, [3])).ToByteArray();
        foreach (byte[] damaged in Mutations.Random(valid, seed: 22, count: 3_000)) FuzzTargets.OnnxTopology.Run(damaged);
    }

    [Theory]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue)]
    public void Open_SmallFileThatDeclaresManyElements_IsRefusedInLittleMemory(long count)
    {
        byte[] hostile = ModelWithTensorBytes(Varints(1 << 3, (ulong)count, 2 << 3, 1), Field(8, "w"u8.ToArray()), Field(9, [1, 2, 3, 4]));
        Assert.InRange(hostile.Length, 1, 48);

        AssertRefused(hostile, "tensor 'w'");
    }

    [Fact]
    public void Open_DimensionsWhoseProductOverflows_IsRefused() =>
        AssertRefused(Model(new TensorProto { Name = "w", DataType = 1, Dims = { 1L << 32, 1L << 32 }, RawData = ByteString.Empty }).ToByteArray(), "tensor 'w'");

    [Fact]
    public void Open_NegativeDimension_IsRefused() =>
        AssertRefused(Model(new TensorProto { Name = "w", DataType = 1, Dims = { -1 }, RawData = ByteString.Empty }).ToByteArray(), "tensor 'w'");

    [Fact]
    public void FromTopology_PlaceholderOfManyElements_AsksForTheTensorAndAllocatesLittle()
    {
        byte[] hostile = Model(new TensorProto { Name = "w", DataType = 1, Dims = { 1L << 40 }, RawData = ByteString.Empty }).ToByteArray();
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<ModelFormatException>(() => OnnxModel.FromTopology(hostile, name => new Tensor(name, new TensorShape(1), [1]), "t"));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocationLimit);
    }

    [Fact]
    public void Open_LengthsThatPassTheEnclosingMessage_AreRefusedAtTheirOffset()
    {
        byte[] hostile = [8, 8, (7 << 3) | 2, 4, (5 << 3) | 2, 0xFF, 0xFF, 0x03];

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(hostile));

        Assert.Equal(5, error.Offset);
    }

    [Fact]
    public void Open_SubgraphsNestedWithoutEnd_AreRefusedNotFollowed()
    {
        byte[] graph = Field(2, "g"u8.ToArray());
        for (int depth = 0; depth < 1_000; depth++) graph = [.. Field(1, Field(5, Field(6, graph)))];

        AssertRefused([8, 8, .. Field(7, graph)], null, AllocationLimit * 4);
    }

    [Fact]
    public void Open_SubgraphsNestedThirtyDeep_AreRead()
    {
        GraphProto graph = Graph(Raw("w", ElementType.Float32, [1]));
        for (int depth = 0; depth < 30; depth++)
        {
            GraphProto outer = Graph();
            outer.Node.Add(new NodeProto { OpType = "If", Output = { "y" }, Attribute = { new AttributeProto { Name = "b", G = graph } } });
            graph = outer;
        }

        using OnnxModel model = Open(Model(graph));

        Assert.StartsWith("y/b/y/b/", Assert.Single(model.Tensors).Name, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_GroupsNestedWithoutEnd_AreRefused()
    {
        byte[] open = [.. Enumerable.Range(0, 5000).SelectMany(_ => Varints((50 << 3) | 3))];
        byte[] close = [.. Enumerable.Range(0, 5000).SelectMany(_ => Varints((50 << 3) | 4))];

        AssertRefused([8, 8, .. open, .. close], "model");
        AssertRefused([8, 8, .. open], "model");
        AssertRefused([8, 8, .. Varints((50 << 3) | 3, (51 << 3) | 4)], "model");
        AssertRefused([8, 8, .. Varints((50 << 3) | 4)], "model");
    }

    [Theory]
    [InlineData(new byte[] { 8, 8, 0x06 })]
    [InlineData(new byte[] { 8, 8, 0x0F })]
    [InlineData(new byte[] { 8, 8, 0x02, 0 })]
    [InlineData(new byte[] { 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]
    [InlineData(new byte[] { 8, 8, 0x3D, 0, 0 })]
    [InlineData(new byte[] { 8, 8, 0x39, 0, 0 })]
    [InlineData(new byte[] { 8, 8, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]
    [InlineData(new byte[] { 8, 8 })]
    [InlineData(new byte[] { })]
    public void Open_MalformedWire_IsRefused(byte[] hostile) => AssertRefused(hostile, "model");

    [Fact]
    public void Open_DataOfTheWrongLengthOrField_IsRefused()
    {
        ByteString some = ByteString.CopyFrom(1, 2, 3, 4);
        TensorProto[] wrong =
        [
            new() { Name = "w", DataType = 1, Dims = { 2 }, RawData = some },
            new() { Name = "w", DataType = 1, RawData = ByteString.Empty },
            new() { Name = "w", DataType = 1, Dims = { 0 }, RawData = some },
            new() { Name = "w", DataType = 1, Dims = { 2 }, FloatData = { 1 } },
            new() { Name = "w", DataType = 1, Dims = { 1 }, Int32Data = { 1 } },
            new() { Name = "w", DataType = (int)ElementType.Int64, Dims = { 1 }, Int32Data = { 1 } },
            new() { Name = "w", DataType = 1, Dims = { 1 }, FloatData = { 1 }, RawData = some },
            new() { Name = "w", DataType = (int)ElementType.Int4, Dims = { 5 }, Int32Data = { 1, 2 } },
        ];
        foreach (TensorProto tensor in wrong) AssertRefused(Model(tensor).ToByteArray(), "tensor 'w'");
        AssertRefused(ModelWithTensorBytes(Varints(2 << 3, 1), Field(4, [1, 2, 3]), Field(8, "w"u8.ToArray())), "tensor ''");
    }

    [Fact]
    public void Open_MillionsOfTinyTensors_StopsAtTheLimit()
    {
        byte[] tiny = Field(5, Varints(1 << 3, 0, 2 << 3, 1));
        byte[] graph = new byte[((1 << 19) + 1) * tiny.Length];
        for (int at = 0; at < graph.Length; at += tiny.Length) tiny.CopyTo(graph, at);

        Assert.Throws<ResourceLimitException>(() => Open([8, 8, .. Field(7, graph)]));
    }

    [Fact]
    public void Open_LongNamesNestedDeep_DoNotMultiplyIntoGigabytes()
    {
        string name = new('n', 60_000);
        GraphProto graph = Graph([.. Enumerable.Range(0, 50).Select(_ => Raw("w", ElementType.UInt8, [1]))]);
        for (int depth = 0; depth < 30; depth++)
        {
            GraphProto outer = Graph();
            outer.Node.Add(new NodeProto { OpType = "If", Output = { name }, Attribute = { new AttributeProto { Name = "b", G = graph } } });
            graph = outer;
        }

        Assert.Throws<ResourceLimitException>(() => Open(Model(graph)));
    }

    [Fact]
    public void Open_NameOfAMegabyte_IsRefused() =>
        AssertRefused(Model(Raw(new string('n', 1 << 20), ElementType.UInt8, [1])).ToByteArray(), "tensor ''", AllocationLimit * 8);

    private static void AssertRefused(byte[] hostile, string? item, long allocationLimit = AllocationLimit)
    {
        Stopwatch time = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => Open(hostile));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, allocationLimit);
        Assert.InRange(time.Elapsed.TotalSeconds, 0, 10);
        Assert.Equal("model.onnx", error.File);
        if (item is not null) Assert.Equal(item, error.Item);
    }

    /// <summary>Whether a model opens; if so, it must survive being taken apart and joined.</summary>
    private static bool OpensAndRefills(byte[] bytes)
    {
        try
        {
            using OnnxModel model = Open(bytes);
            Topology topology = model.MakeTopology(_ => true);
            using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, model.Find, "topology");
            Assert.Equal(bytes, OnnxWriter.ToArray(joined));
            return true;
        }
        catch (Exception error) when (error is ModelFormatException or UnsupportedModelException or ResourceLimitException)
        {
            Assert.NotEmpty(error.Message);
            return false;
        }
    }
}
