using System.Text;

namespace Tersor.Models.Onnx;

/// <summary>What an attribute holds. The numbers are those of <c>AttributeProto.AttributeType</c>.</summary>
public enum OnnxAttributeType
{
    /// <summary>Nothing that onnx.proto knows.</summary>
    Undefined = 0,

    /// <summary>One binary32 number.</summary>
    Float = 1,

    /// <summary>One 64-bit integer.</summary>
    Int = 2,

    /// <summary>Text, or bytes.</summary>
    String = 3,

    /// <summary>A tensor.</summary>
    Tensor = 4,

    /// <summary>A subgraph, carried as bytes.</summary>
    Graph = 5,

    /// <summary>A list of binary32 numbers.</summary>
    Floats = 6,

    /// <summary>A list of 64-bit integers.</summary>
    Ints = 7,

    /// <summary>A list of texts.</summary>
    Strings = 8,

    /// <summary>A list of tensors.</summary>
    Tensors = 9,

    /// <summary>A list of subgraphs, carried as bytes.</summary>
    Graphs = 10,

    /// <summary>A sparse tensor, carried as bytes.</summary>
    SparseTensor = 11,

    /// <summary>A list of sparse tensors, carried as bytes.</summary>
    SparseTensors = 12,

    /// <summary>A type, carried as bytes.</summary>
    TypeProto = 13,

    /// <summary>A list of types, carried as bytes.</summary>
    TypeProtos = 14,
}

/// <summary>A named attribute of a node. Subgraphs, sparse tensors and types are carried as the bytes of their <c>AttributeProto</c>.</summary>
public sealed class OnnxAttribute
{
    private readonly object _value;

    private OnnxAttribute(string name, OnnxAttributeType type, object value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        Name = name;
        Type = type;
        _value = value;
    }

    /// <summary>A number.</summary>
    public OnnxAttribute(string name, float value)
        : this(name, OnnxAttributeType.Float, value)
    {
    }

    /// <summary>An integer.</summary>
    public OnnxAttribute(string name, long value)
        : this(name, OnnxAttributeType.Int, value)
    {
    }

    /// <summary>Text, stored as UTF-8.</summary>
    public OnnxAttribute(string name, string value)
        : this(name, OnnxAttributeType.String, value)
    {
    }

    /// <summary>A tensor.</summary>
    public OnnxAttribute(string name, Tensor value)
        : this(name, OnnxAttributeType.Tensor, value)
    {
    }

    /// <summary>A list of numbers.</summary>
    public OnnxAttribute(string name, IReadOnlyList<float> values)
        : this(name, OnnxAttributeType.Floats, values)
    {
    }

    /// <summary>A list of integers.</summary>
    public OnnxAttribute(string name, IReadOnlyList<long> values)
        : this(name, OnnxAttributeType.Ints, values)
    {
    }

    /// <summary>A list of texts.</summary>
    public OnnxAttribute(string name, IReadOnlyList<string> values)
        : this(name, OnnxAttributeType.Strings, values)
    {
    }

    /// <summary>A list of tensors.</summary>
    public OnnxAttribute(string name, IReadOnlyList<Tensor> values)
        : this(name, OnnxAttributeType.Tensors, values)
    {
    }

    /// <summary>The attribute's name in the operator's specification.</summary>
    public string Name { get; }

    /// <summary>What it holds.</summary>
    public OnnxAttributeType Type { get; }

    /// <summary>The number.</summary>
    /// <exception cref="InvalidOperationException">It holds something else.</exception>
    public float Float => As<float>(OnnxAttributeType.Float);

    /// <summary>The integer.</summary>
    /// <exception cref="InvalidOperationException">It holds something else.</exception>
    public long Int => As<long>(OnnxAttributeType.Int);

    /// <summary>The text.</summary>
    /// <exception cref="InvalidOperationException">It holds something else.</exception>
    public string String => As<string>(OnnxAttributeType.String);

    /// <summary>The tensor.</summary>
    /// <exception cref="InvalidOperationException">It holds something else.</exception>
    public Tensor Tensor => As<Tensor>(OnnxAttributeType.Tensor);

    /// <summary>The numbers.</summary>
    /// <exception cref="InvalidOperationException">It holds something else.</exception>
    public IReadOnlyList<float> Floats => As<IReadOnlyList<float>>(OnnxAttributeType.Floats);

    /// <summary>The integers.</summary>
    /// <exception cref="InvalidOperationException">It holds something else.</exception>
    public IReadOnlyList<long> Ints => As<IReadOnlyList<long>>(OnnxAttributeType.Ints);

    /// <summary>The texts.</summary>
    /// <exception cref="InvalidOperationException">It holds something else.</exception>
    public IReadOnlyList<string> Strings => As<IReadOnlyList<string>>(OnnxAttributeType.Strings);

    /// <summary>The tensors.</summary>
    /// <exception cref="InvalidOperationException">It holds something else.</exception>
    public IReadOnlyList<Tensor> Tensors => As<IReadOnlyList<Tensor>>(OnnxAttributeType.Tensors);

    /// <summary>The whole <c>AttributeProto</c> of a kind that is carried as bytes; null for the others.</summary>
    internal ByteSource? Opaque => _value as ByteSource;

    /// <summary>An attribute of a kind that is not looked into.</summary>
    internal static OnnxAttribute Carry(string name, OnnxAttributeType type, ByteSource message) => new(name, type, message);

    /// <summary>Such as <c>strides=[2, 2]</c>.</summary>
    public override string ToString()
    {
        StringBuilder text = new(Name);
        text.Append('=');
        return _value switch
        {
            float number => text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{number}").ToString(),
            long number => text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{number}").ToString(),
            string content => text.Append(content).ToString(),
            Tensor tensor => text.Append(tensor).ToString(),
            IReadOnlyList<float> list => text.Append('[').AppendJoin(", ", list).Append(']').ToString(),
            IReadOnlyList<long> list => text.Append('[').AppendJoin(", ", list).Append(']').ToString(),
            IReadOnlyList<string> list => text.Append('[').AppendJoin(", ", list).Append(']').ToString(),
            _ => text.Append(Type).ToString(),
        };
    }

    private T As<T>(OnnxAttributeType wanted) => Type == wanted && _value is T value
        ? value
        : throw new InvalidOperationException($"attribute '{Name}' holds {Type}, not {wanted}");
}
