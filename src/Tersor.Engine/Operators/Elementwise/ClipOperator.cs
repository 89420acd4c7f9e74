using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// <c>y = min(max(x, min), max)</c>. The bounds are attributes before opset 11 and optional scalar inputs from then on. The gradient passes where the argument
/// lies within the bounds.
/// </summary>
internal sealed class ClipOperator(OnnxNode node, long operatorSet) : Operator(node)
{
    public override bool HasBackward => true;

    public override bool CanOverwrite(int input) => input == 0;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        for (int bound = 1; bound <= 2; bound++)
        {
            if (context.HasInput(bound) && context.ShapeOf(bound).ElementCount != 1) throw context.Malformed($"a bound of shape {context.ShapeOf(bound)}, not a scalar");
        }

        context.SetOutput(0, context.TypeOf(0), context.ShapeOf(0));
    }

    public override Activation? AsActivation(OperatorContext context)
    {
        for (int bound = 1; bound <= 2; bound++)
        {
            if (context.HasInput(bound) && context.ConstantOf(bound) is null) return null;
        }

        if (context.TypeOf(0) != ElementType.Float32) return null;
        (float lower, float upper) = Bounds(context);
        return float.IsNaN(lower) || float.IsNaN(upper) ? null : Activation.Clip(lower, upper);
    }

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) != ElementType.Float32)
        {
            ClipIntegers(context);
            return;
        }

        Elementwise.Apply(Function(context), context.Singles(0), context.OutputSingles(0), context.Threads);
    }

    public override void Backward(OperatorContext context) => Elementwise.ApplyGradient(
        Function(context), context.Singles(0), context.OutputGradient(0), context.InputGradient(0), accumulate: false, context.Threads);

    private ElementFunction Function(OperatorContext context)
    {
        (float lower, float upper) = Bounds(context);
        return new ElementFunction(ElementFunctionKind.Clip, lower, upper);
    }

    private (float Lower, float Upper) Bounds(OperatorContext context)
    {
        if (operatorSet < 11) return (Node.Float("min", float.NegativeInfinity), Node.Float("max", float.PositiveInfinity));
        return (
            context.HasInput(1) ? context.Singles(1)[0] : float.NegativeInfinity,
            context.HasInput(2) ? context.Singles(2)[0] : float.PositiveInfinity);
    }

    private static void ClipIntegers(OperatorContext context)
    {
        long lower = context.HasInput(1) ? context.Integers(1)[0] : long.MinValue;
        long upper = context.HasInput(2) ? context.Integers(2)[0] : long.MaxValue;
        ReadOnlySpan<long> x = context.Integers(0);
        Span<long> y = context.OutputIntegers(0);
        for (int i = 0; i < x.Length; i++) y[i] = Math.Min(Math.Max(x[i], lower), upper);
    }
}
