using System.Buffers.Binary;
using Google.Protobuf;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests.Models.Onnx.Oracle;

namespace Tersor.Tests.Models.Onnx;

/// <summary>Models built by the independent protobuf implementation.</summary>
internal static class OnnxProtos
{
    public static byte[] Bytes(int count, ulong seed = 1)
    {
        byte[] bytes = new byte[count];
        new Seeded(seed).Fill(bytes);
        return bytes;
    }

    public static byte[] Singles(params float[] values)
    {
        byte[] bytes = new byte[values.Length * 4];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), values[i]);
        return bytes;
    }

    /// <summary>A tensor in <c>raw_data</c>, of random bytes where none are given.</summary>
    public static TensorProto Raw(string name, ElementType type, long[] shape, byte[]? data = null)
    {
        data ??= Bytes((int)type.ByteLength(new TensorShape(shape).ElementCount));
        return new TensorProto { Name = name, DataType = (int)type, Dims = { shape }, RawData = ByteString.CopyFrom(data) };
    }

    public static TensorProto External(string name, long[] shape, string location, params (string Key, string Value)[] entries)
    {
        TensorProto tensor = new()
        {
            Name = name,
            DataType = (int)ElementType.Float32,
            Dims = { shape },
            DataLocation = TensorProto.Types.DataLocation.External,
            ExternalData = { new StringStringEntryProto { Key = "location", Value = location } },
        };
        foreach ((string key, string value) in entries) tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
        return tensor;
    }

    public static NodeProto Constant(string output, TensorProto value) => new()
    {
        OpType = "Constant",
        Output = { output },
        Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = value } },
    };

    public static GraphProto Graph(params TensorProto[] initializers) => new() { Name = "g", Initializer = { initializers } };

    public static ModelProto Model(params TensorProto[] initializers) => Model(Graph(initializers));

    public static ModelProto Model(GraphProto graph) => new()
    {
        IrVersion = 8,
        ProducerName = "oracle",
        Graph = graph,
        OpsetImport = { new OperatorSetIdProto { Domain = "", Version = 17 } },
    };

    /// <summary>A length-delimited field around the given bytes.</summary>
    public static byte[] Field(int number, params byte[][] parts)
    {
        byte[] value = [.. parts.SelectMany(part => part)];
        return [.. Varints(((ulong)number << 3) | 2), .. Varints((ulong)value.Length), .. value];
    }

    public static byte[] Varints(params ulong[] values)
    {
        List<byte> bytes = [];
        foreach (ulong value in values)
        {
            ulong rest = value;
            for (; rest >= 0x80; rest >>= 7) bytes.Add((byte)(rest | 0x80));
            bytes.Add((byte)rest);
        }

        return [.. bytes];
    }

    /// <summary>A model of one initializer, whose message is given as bytes.</summary>
    public static byte[] ModelWithTensorBytes(params byte[][] tensor) =>
        [.. new ModelProto { IrVersion = 8 }.ToByteArray(), .. Field(7, Field(5, tensor))];

    public static OnnxModel Open(byte[] model) => OnnxModel.Open(ByteSource.FromMemory(model, "model.onnx"));

    public static OnnxModel Open(IMessage model) => Open(model.ToByteArray());

    public static byte[] DataOf(Model model, string name) => model.Find(name)!.Data.ReadAll().ToArray();

    /// <summary>One of everything that holds tensors, in under 1,000 bytes, with fields that no schema knows.</summary>
    public static byte[] Everything()
    {
        GraphProto branch = Graph(Raw("w", ElementType.Float32, [2]));
        branch.Node.Add(Constant("c", Raw("", ElementType.Int64, [1])));
        NodeProto choice = new()
        {
            OpType = "If",
            Name = "choose",
            Output = { "y" },
            Attribute =
            {
                new AttributeProto { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph, G = branch },
                new AttributeProto { Name = "others", Type = AttributeProto.Types.AttributeType.Graphs, Graphs = { branch.Clone() } },
            },
        };
        NodeProto custom = new()
        {
            OpType = "Fold",
            Domain = "com.example",
            Output = { "z" },
            Attribute = { new AttributeProto { Name = "parts", Tensors = { Raw("", ElementType.Int8, [3]), Raw("", ElementType.UInt4, [3]) } } },
        };
        GraphProto graph = Graph(
            Raw("a", ElementType.Float32, [2, 2]),
            new TensorProto { Name = "f", DataType = (int)ElementType.Float32, Dims = { 3 }, FloatData = { 1, 2, 3 } },
            new TensorProto { Name = "h", DataType = (int)ElementType.Float16, Dims = { 2 }, Int32Data = { 0x3C00, 0xC000 } },
            new TensorProto { Name = "t", DataType = (int)ElementType.String, Dims = { 1 }, StringData = { ByteString.CopyFromUtf8("text") } });
        graph.Node.AddRange([Constant("k", Raw("", ElementType.Float32, [2])), choice, custom]);
        graph.SparseInitializer.Add(
            new SparseTensorProto { Values = Raw("s", ElementType.Float32, [2]), Indices = Raw("", ElementType.Int64, [2]), Dims = { 100 } });
        graph.Input.Add(new ValueInfoProto
        {
            Name = "x",
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor
                {
                    ElemType = (int)ElementType.Float32,
                    Shape = new TensorShapeProto
                    {
                        Dim = { new TensorShapeProto.Types.Dimension { DimParam = "N" }, new TensorShapeProto.Types.Dimension { DimValue = 2 }, new TensorShapeProto.Types.Dimension() },
                    },
                },
            },
        });
        graph.Output.Add(new ValueInfoProto { Name = "y", Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence() } });
        ModelProto model = Model(graph);
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 17 });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 2 });
        model.MetadataProps.Add(new StringStringEntryProto { Key = "author", Value = "Ω" });
        model.Functions.Add(new FunctionProto
        {
            Name = "fn",
            Domain = "com.example",
            Node = { Constant("fc", Raw("", ElementType.Float32, [1])) },
            AttributeProto = { new AttributeProto { Name = "d", T = Raw("", ElementType.Float32, [1]) } },
        });
        model.TrainingInfo.Add(new TrainingInfoProto { Initialization = Graph(Raw("ti", ElementType.Float32, [1])), Algorithm = Graph(Raw("ta", ElementType.Float32, [1])) });
        return [.. Field(900, [1, 2, 3]), .. model.ToByteArray(), .. Varints((901 << 3) | 3, 8, 7, (901 << 3) | 4)];
    }
}
