using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// The largest along axes; the gradient is shared evenly among the elements that are the largest. The axes are an attribute before opset 18 and an input from
/// then on.
/// </summary>
internal sealed class ReduceMaxOperator(OnnxNode node, long operatorSet) : ReductionOperator(node, operatorSet >= 18)
{
    public override void InferTypes(OperatorContext context)
    {
        base.InferTypes(context);
        if (context.IsTraining) context.ReserveScratch(context.ShapeOf(0).ElementCount + context.OutputShape(0).ElementCount);
    }

    public override void Forward(OperatorContext context)
    {
        Span<float> y = context.OutputSingles(0);
        y.Fill(float.NegativeInfinity);
        Down.Max(context.Singles(0), y);
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> x = context.Singles(0);
        Span<float> result = context.InputGradient(0);
        Span<float> isLargest = context.Scratch[..x.Length];
        Span<float> share = context.Scratch[x.Length..];
        Up.Copy(context.OutputSingles(0), isLargest);
        for (int i = 0; i < x.Length; i++) isLargest[i] = x[i] == isLargest[i] ? 1 : 0;
        share.Clear();
        Down.Add(isLargest, share);
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        for (int i = 0; i < share.Length; i++) share[i] = gradient[i] / share[i];
        Up.Copy(share, result);
        System.Numerics.Tensors.TensorPrimitives.Multiply(result, isLargest, result);
    }
}
