using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>A value of a plan: its type, and once memory is planned, the place where it lies.</summary>
internal sealed class ValueSlot(string name)
{
    private float[]? _singles;
    private long[]? _integers;
    private int _offset;

    public string Name { get; } = name;

    /// <summary><see cref="ElementType.Undefined"/> until the operator that makes the value has told.</summary>
    public ElementType ElementType { get; private set; }

    public TensorShape Shape { get; private set; }

    public int Length { get; private set; }

    /// <summary>The value itself where it is known before the run.</summary>
    public DenseTensor? Constant { get; private set; }

    /// <summary>The weight that this value is, if it is one.</summary>
    public GraphParameter? Parameter { get; init; }

    /// <summary>The weight that this value is, if it is held in a representation: there are no values then.</summary>
    public HeldWeight? Held { get; init; }

    /// <summary>Whether the value is an initializer of the graph, read into memory or not.</summary>
    public bool IsInitializer { get; init; }

    /// <summary>Whether the loss may depend on this value through weights or inputs whose gradient is wanted.</summary>
    public bool NeedsGradient { get; set; }

    /// <summary>Where the gradient lies; null where none is wanted.</summary>
    public ValueSlot? Gradient { get; set; }

    public Span<float> Singles => new(_singles, _offset, Length);

    public Span<long> Integers => new(_integers, _offset, Length);

    public void SetType(ElementType type, TensorShape shape)
    {
        ElementType = type;
        Shape = shape;
        Length = DenseTensor.CountOf(shape);
    }

    public void SetConstant(DenseTensor constant)
    {
        SetType(constant.ElementType, constant.Shape);
        Constant = constant;
        Bind(constant);
    }

    /// <summary>Uses an array of its own.</summary>
    public void Bind(DenseTensor storage)
    {
        _offset = 0;
        if (storage.ElementType == ElementType.Float32) _singles = storage.Singles;
        else _integers = storage.Integers;
    }

    /// <summary>Uses a part of the plan's memory.</summary>
    public void Bind(float[] singles, long[] integers, int offset)
    {
        _offset = offset;
        if (ElementType == ElementType.Float32) _singles = singles;
        else _integers = integers;
    }
}
