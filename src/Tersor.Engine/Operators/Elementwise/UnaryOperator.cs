using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>An element-wise function of one argument.</summary>
internal abstract class UnaryOperator(OnnxNode node, ElementFunction function) : Operator(node)
{
    public override bool HasBackward => true;

    /// <summary>Whether the derivative is found from the result as well, so that the argument need not be kept.</summary>
    protected virtual bool DerivativeReadsOutput => false;

    /// <summary>Whether whole numbers are accepted.</summary>
    protected virtual bool AppliesToIntegers => false;

    public override bool BackwardReadsInput(int input) => !DerivativeReadsOutput;

    public override bool BackwardReadsOutput(int output) => DerivativeReadsOutput;

    public override bool CanOverwrite(int input) => input == 0;

    public override void InferTypes(OperatorContext context)
    {
        if (!AppliesToIntegers) context.RequireSingle(0);
        context.SetOutput(0, context.TypeOf(0), context.ShapeOf(0));
    }

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) == ElementType.Float32) Elementwise.Apply(function, context.Singles(0), context.OutputSingles(0), context.Threads);
        else Apply(context.Integers(0), context.OutputIntegers(0));
    }

    public override void Backward(OperatorContext context) => Elementwise.ApplyGradient(
        function,
        DerivativeReadsOutput ? context.OutputSingles(0) : context.Singles(0),
        context.OutputGradient(0),
        context.InputGradient(0),
        accumulate: false,
        context.Threads);

    /// <summary>The function of whole numbers.</summary>
    protected virtual void Apply(ReadOnlySpan<long> x, Span<long> y) => throw new NotSupportedException($"{Node.OperatorType} of whole numbers");
}
