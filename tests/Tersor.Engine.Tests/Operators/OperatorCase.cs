using System.Buffers.Binary;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Operators;

/// <summary>One node with its inputs as initializers: what the engine runs, differentiates, and compares with ONNX Runtime.</summary>
internal sealed class OperatorCase
{
    private readonly List<Tensor?> _inputs = [];
    private readonly string _operatorType;
    private readonly OnnxAttribute[] _attributes;
    private readonly Seeded _random;
    private int _outputs = 1;
    private long _operatorSet = 17;

    public OperatorCase(string operatorType, params OnnxAttribute[] attributes)
    {
        _operatorType = operatorType;
        _attributes = attributes;
        _random = new Seeded((ulong)operatorType.Length + 17);
    }

    /// <summary>Values that lie at least 0.05 apart and away from 0, in random order: no finite difference crosses a kink.</summary>
    public OperatorCase Spread(params long[] shape)
    {
        int count = (int)new TensorShape(shape).ElementCount;
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int other = _random.NextInt(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }

        return Values(shape, [.. order.Select(place => (place - (count / 2) + 0.5f) * Math.Max(0.1f, 4f / count))]);
    }

    public OperatorCase Gaussian(params long[] shape) => Values(shape, [.. Enumerable.Range(0, (int)new TensorShape(shape).ElementCount).Select(_ => _random.NextGaussian())]);

    public OperatorCase Positive(params long[] shape) => Values(shape, [.. Enumerable.Range(0, (int)new TensorShape(shape).ElementCount).Select(_ => 0.5f + (1.5f * _random.NextSingle()))]);

    public OperatorCase Values(long[] shape, float[] values)
    {
        _inputs.Add(new Tensor($"input{_inputs.Count}", new TensorShape(shape), values));
        return this;
    }

    public OperatorCase Integers(params long[] values) => Integers(ElementType.Int64, [values.Length], values);

    public OperatorCase Integers(ElementType type, long[] shape, long[] values)
    {
        int width = type.BitWidth() / 8;
        byte[] bytes = new byte[values.Length * width];
        Span<byte> whole = stackalloc byte[8];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(whole, values[i]);
            whole[..width].CopyTo(bytes.AsSpan(i * width));
        }

        string name = $"input{_inputs.Count}";
        _inputs.Add(new Tensor(name, type, new TensorShape(shape), ByteSource.FromMemory(bytes, name)));
        return this;
    }

    public OperatorCase Omitted()
    {
        _inputs.Add(null);
        return this;
    }

    public OperatorCase Opset(long version)
    {
        _operatorSet = version;
        return this;
    }

    public OperatorCase Outputs(int count)
    {
        _outputs = count;
        return this;
    }

    public OnnxGraph Graph()
    {
        OnnxGraphBuilder builder = new(_operatorType, _operatorSet);
        string[] inputs = [.. _inputs.Select(tensor => tensor is null ? "" : builder.AddInitializer(tensor))];
        string[] outputs = [.. Enumerable.Range(0, _outputs).Select(i => $"output{i}")];
        builder.AddNode(_operatorType, inputs, outputs, _attributes);
        foreach (string output in outputs) builder.AddOutput(output, OutputType());
        return WithoutShapes(builder.Build());
    }

    private ElementType OutputType() => _operatorType switch
    {
        "Equal" => ElementType.Bool,
        "Shape" => ElementType.Int64,
        "QuantizeLinear" => ElementType.UInt8,
        "Cast" => (ElementType)(int)_attributes[0].Int,
        _ => ElementType.Float32,
    };

    private static OnnxGraph WithoutShapes(OnnxGraph graph) => new()
    {
        Source = graph.Source,
        Name = graph.Name,
        OperatorSets = graph.OperatorSets,
        Nodes = graph.Nodes,
        Inputs = graph.Inputs,
        Outputs = [.. graph.Outputs.Select(output => output with { Dimensions = null })],
        Initializers = graph.Initializers,
    };
}
