using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>An element-wise function of one argument.</summary>
internal abstract class UnaryOperator(OnnxNode node) : Operator(node)
{
    public override bool HasBackward => true;

    /// <summary>Whether the derivative is computed from the argument.</summary>
    protected virtual bool DerivativeReadsInput => true;

    /// <summary>Whether the derivative is computed from the result.</summary>
    protected virtual bool DerivativeReadsOutput => false;

    public override bool BackwardReadsInput(int input) => input == 0 && DerivativeReadsInput;

    public override bool BackwardReadsOutput(int output) => DerivativeReadsOutput;

    public override bool CanOverwrite(int input) => input == 0;

    public override void InferTypes(OperatorContext context)
    {
        if (context.TypeOf(0) != ElementType.Float32 && !AppliesToIntegers) context.RequireSingle(0);
        context.SetOutput(0, context.TypeOf(0), context.ShapeOf(0));
    }

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) == ElementType.Float32) Apply(context.Singles(0), context.OutputSingles(0));
        else Apply(context.Integers(0), context.OutputIntegers(0));
    }

    public override void Backward(OperatorContext context) => Differentiate(
        DerivativeReadsInput ? context.Singles(0) : [],
        DerivativeReadsOutput ? context.OutputSingles(0) : [],
        context.OutputGradient(0),
        context.InputGradient(0));

    /// <summary>Whether whole numbers are accepted.</summary>
    protected virtual bool AppliesToIntegers => false;

    protected abstract void Apply(ReadOnlySpan<float> x, Span<float> y);

    protected virtual void Apply(ReadOnlySpan<long> x, Span<long> y) => throw new NotSupportedException($"{Node.OperatorType} of whole numbers");

    /// <summary>Gradient of the argument; <paramref name="x"/> and <paramref name="y"/> are empty where the derivative does not read them.</summary>
    protected abstract void Differentiate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradient, Span<float> result);
}
