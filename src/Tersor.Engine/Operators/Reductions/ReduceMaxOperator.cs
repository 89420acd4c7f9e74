using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// The largest along axes; the gradient is shared evenly among the elements that are the largest. The axes are an attribute before opset 18 and an input from
/// then on.
/// </summary>
internal sealed class ReduceMaxOperator(OnnxNode node, long operatorSet) : ReductionOperator(node, operatorSet >= 18)
{
    public override bool BackwardReadsInput(int input) => true;

    public override bool BackwardReadsOutput(int output) => true;

    public override void InferTypes(OperatorContext context)
    {
        base.InferTypes(context);
        if (Count == 0) throw context.Malformed($"nothing to reduce in {context.ShapeOf(0)}");
        if (context.NeedsBackward) context.ReserveScratch(context.ShapeOf(0).ElementCount + context.OutputShape(0).ElementCount);
    }

    public override void Forward(OperatorContext context) =>
        Reduction.Apply(ReductionKind.Maximum, Input, Reduced, context.Singles(0), context.OutputSingles(0), accumulate: false, context.Threads);

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> x = context.Singles(0);
        Span<float> isLargest = context.Scratch[..x.Length];
        Span<float> share = context.Scratch[x.Length..];
        Broadcast.Expand(Kept, context.OutputSingles(0), Input, isLargest, 1, accumulate: false, context.Threads);
        for (int i = 0; i < x.Length; i++) isLargest[i] = x[i] == isLargest[i] ? 1 : 0;
        Reduction.Apply(ReductionKind.Sum, Input, Reduced, isLargest, share, accumulate: false, context.Threads);
        TensorPrimitives.Divide(context.OutputGradient(0), share, share);
        Span<float> result = context.InputGradient(0);
        Broadcast.Expand(Kept, share, Input, result, 1, accumulate: false, context.Threads);
        TensorPrimitives.Multiply(result, isLargest, result);
    }
}
