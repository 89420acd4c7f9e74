using Google.Protobuf;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests.Models.Onnx.Oracle;
using static Tersor.Tests.Models.Onnx.OnnxProtos;

namespace Tersor.Tests.Models.Onnx;

/// <summary>Tensors are found wherever ONNX may hold them, under readable names; all else is carried along.</summary>
public class OnnxStructureTests
{
    [Fact]
    public void Open_TensorsEverywhere_NamesEachByTheWayToIt()
    {
        using OnnxModel model = Open(Everything());

        string[] expected =
        [
            "k", "y/then_branch/c", "y/then_branch/w", "y/others/0/c", "y/others/0/w", "z/parts/0", "z/parts/1",
            "a", "f", "h", "s/values", "s/indices",
            "training/0/initialization/ti", "training/0/algorithm/ta", "functions/fn/fc", "functions/fn/d",
        ];
        Assert.Equal(expected, model.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void MakeTopology_OfEverything_IsReadByTheOracleAndRefillsToTheSameBytes()
    {
        byte[] original = Everything();
        using OnnxModel model = Open(original);

        Topology topology = model.MakeTopology(_ => true);

        ModelProto parsed = ModelProto.Parser.ParseFrom(topology.Bytes.Span);
        Assert.True(parsed.Graph.Initializer[0].HasRawData);
        Assert.Equal(0, parsed.Graph.Initializer[0].RawData.Length);
        Assert.Equal("text", parsed.Graph.Initializer[3].StringData[0].ToStringUtf8());
        Assert.Equal(0, parsed.Graph.Node[1].Attribute[0].G.Initializer[0].RawData.Length);
        using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, model.Find, "topology");
        Assert.Equal(model.Tensors.Select(tensor => tensor.Name), joined.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(original, OnnxWriter.ToArray(joined));
    }

    [Fact]
    public void MakeTopology_AnySubsetOfTensors_RefillsToTheSameBytes()
    {
        byte[] original = Everything();
        using OnnxModel model = Open(original);
        Seeded random = new(7);
        for (int trial = 0; trial < 50; trial++)
        {
            HashSet<string> coded = [.. model.Tensors.Where(_ => random.NextInt(2) == 0).Select(tensor => tensor.Name)];

            Topology topology = model.MakeTopology(tensor => coded.Contains(tensor.Name));

            using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, name => coded.Contains(name) ? model.Find(name) : null, "topology");
            Assert.Equal(original, OnnxWriter.ToArray(joined));
            Assert.Equal(topology.Bytes.ToArray(), joined.MakeTopology(tensor => coded.Contains(tensor.Name)).Bytes.ToArray());
        }
    }

    [Fact]
    public void MakeTopology_OfAJoinedModel_IsThatOfTheOriginal()
    {
        using OnnxModel model = Open(Everything());
        Topology all = model.MakeTopology(_ => true);
        using OnnxModel joined = OnnxModel.FromTopology(all.Bytes, model.Find, "topology");

        Assert.Equal(model.MakeTopology(_ => false).Bytes.ToArray(), joined.MakeTopology(_ => false).Bytes.ToArray());
        Assert.Equal(Everything(), joined.MakeTopology(_ => false).Bytes.ToArray());
        Assert.Equal(all.Bytes.ToArray(), joined.MakeTopology(_ => true).Bytes.ToArray());
    }

    [Fact]
    public void Open_Summary_SaysWhatTheFileSays()
    {
        using OnnxModel model = Open(Everything());

        OnnxSummary summary = model.Summary;
        Assert.Equal(8, summary.IrVersion);
        Assert.Equal("oracle", summary.ProducerName);
        Assert.Equal("g", summary.GraphName);
        Assert.Equal([new OnnxOperatorSet("", 17), new OnnxOperatorSet("", 17), new OnnxOperatorSet("com.example", 2)], summary.OperatorSets);
        Assert.Equal("x", summary.Inputs[0].Name);
        Assert.Equal("float32", summary.Inputs[0].Type);
        Assert.Equal(["N", "2", "?"], summary.Inputs[0].Dimensions);
        Assert.Equal(("y", "sequence"), (summary.Outputs[0].Name, summary.Outputs[0].Type));
        Assert.Null(summary.Outputs[0].Dimensions);
        Assert.Equal(6, summary.NodeCount);
        Assert.Equal(1, summary.FunctionCount);
        Assert.Equal(new Dictionary<string, long> { ["Constant"] = 4, ["If"] = 1, ["com.example::Fold"] = 1 }, summary.Operators);
        Assert.Equal("Ω", model.Metadata["author"]);
    }

    [Fact]
    public void Open_NamesThatRepeat_AreToldApartTheSameWayEveryTime()
    {
        GraphProto graph = Graph(Raw("w", ElementType.Float32, [1]), Raw("w", ElementType.Float32, [1]), Raw("w#2", ElementType.Float32, [1]), Raw("", ElementType.Float32, [1]));
        graph.Node.Add(Constant("w", Raw("", ElementType.Float32, [1])));
        byte[] original = Model(graph).ToByteArray();
        using OnnxModel model = Open(original);

        Assert.Equal(["w#3", "w", "w#2", "w#2#2", ""], model.Tensors.Select(tensor => tensor.Name));
        using OnnxModel joined = OnnxModel.FromTopology(model.MakeTopology(_ => true).Bytes, model.Find, "topology");
        Assert.Equal(original, OnnxWriter.ToArray(joined));
    }

    [Fact]
    public void Open_NodeWhoseNameAndOperatorFollowItsAttribute_IsNamedTheSame()
    {
        byte[] tensor = Raw("", ElementType.Float32, [1]).ToByteArray();
        byte[] attribute = [.. Field(5, tensor), .. Field(1, "value"u8.ToArray())];
        byte[] node = [.. Field(5, attribute), .. Field(4, "Constant"u8.ToArray()), .. Field(2, "late"u8.ToArray())];
        using OnnxModel model = Open([.. Varints(8, 8), .. Field(7, Field(1, node))]);

        Assert.Equal("late", Assert.Single(model.Tensors).Name);
    }

    [Fact]
    public void Open_WhatCannotBeListed_IsCarriedAlongAndReported()
    {
        byte[] original = Model(
            Raw("new", ElementType.UInt8, [2]),
            new TensorProto { Name = "text", DataType = (int)ElementType.String, Dims = { 1 }, StringData = { ByteString.CopyFromUtf8("hi") } },
            new TensorProto { Name = "part", DataType = 1, Dims = { 9 }, Segment = new TensorProto.Types.Segment { Begin = 0, End = 1 }, RawData = ByteString.CopyFrom(1, 2, 3, 4) },
            Raw("deep", ElementType.UInt8, [.. Enumerable.Repeat(1L, 65)]),
            Raw("w", ElementType.UInt8, [2])).ToByteArray();
        original[original.AsSpan().IndexOf("new"u8) - 3] = 99;
        List<string> warnings = [];
        using OnnxModel model = OnnxModel.Open(ByteSource.FromMemory(original), new ModelReadOptions { Warn = warnings.Add });

        Assert.Equal("w", Assert.Single(model.Tensors).Name);
        Assert.Equal(4, warnings.Count);
        Assert.Contains(warnings, warning => warning.Contains("'new' is data type 99", StringComparison.Ordinal));
        using OnnxModel joined = OnnxModel.FromTopology(model.MakeTopology(_ => true).Bytes, model.Find, "topology");
        Assert.Equal(original, OnnxWriter.ToArray(joined));
    }

    [Fact]
    public void MakeTopology_LengthPrefixesLongerThanTheyMustBe_ComeBackAsTheyWere()
    {
        // A writer that streams reserves prefixes of a fixed width and fills them in later.
        byte[] data = Bytes(200);
        byte[] tensor = [.. Varints(1 << 3, 50, 2 << 3, 1), (9 << 3) | 2, 0xC8, 0x81, 0x80, 0x80, 0x00, .. data];
        byte[] graph = [(5 << 3) | 2, .. Padded(tensor.Length, 10), .. tensor];
        byte[] original = [8, 8, (7 << 3) | 2, .. Padded(graph.Length, 5), .. graph];
        using OnnxModel model = Open(original);

        Topology topology = model.MakeTopology(_ => true);

        Assert.Equal(original.Length - data.Length, topology.Bytes.Length);
        using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, model.Find, "topology");
        Assert.Equal(original, OnnxWriter.ToArray(joined));

        static byte[] Padded(int length, int width)
        {
            byte[] prefix = new byte[width];
            Varint.Write(prefix, (ulong)length, width);
            return prefix;
        }
    }

    [Fact]
    public void MakeTopology_PrefixesThatShrink_ComeBackAtEveryLengthAroundAPowerOfTwo()
    {
        foreach (int count in (int[])[1, 29, 30, 31, 32, 33, 100, 4070, 4080, 4090, 4096, 4100, 524_280, 524_288])
        {
            GraphProto graph = Graph();
            graph.Node.Add(Constant("c", Raw("", ElementType.Float32, [count])));
            byte[] original = Model(graph).ToByteArray();
            using OnnxModel model = Open(original);
            using OnnxModel joined = OnnxModel.FromTopology(model.MakeTopology(_ => true).Bytes, model.Find, "topology");

            Assert.Equal(original.Length, OnnxWriter.MeasureInline(joined));
            Assert.Equal(original, OnnxWriter.ToArray(joined));
        }
    }

    [Fact]
    public void Open_FileOverFourGigabytes_FindsAndReadsWhatLiesBehind()
    {
        using VirtualModelSource source = VirtualModelSource.WithTensors(3, 2_000_000_000);
        Assert.True(source.Length > 1L << 32);
        using OnnxModel model = OnnxModel.Open(source);

        Assert.Equal(["w0", "w1", "w2", "last"], model.Tensors.Select(tensor => tensor.Name));
        Assert.True(source.BytesRead < 10_000, $"{source.BytesRead} bytes were read to find four tensors.");
        byte[] piece = new byte[4];
        model.Tensors[2].Data.Read(1_999_999_996, piece);
        Assert.Equal(VirtualModelSource.Filler, piece);
        Assert.Equal([1.5f], model.Find("last")!.ReadSingles());
        Topology topology = model.MakeTopology(tensor => tensor.Name != "last");
        Assert.InRange(topology.Bytes.Length, 50, 200);
        using OnnxModel joined = OnnxModel.FromTopology(topology.Bytes, model.Find, "topology");
        Assert.Equal(source.Length, OnnxWriter.MeasureInline(joined));
        Assert.Throws<ResourceLimitException>(() => OnnxWriter.Write(joined, Stream.Null));
    }
}
