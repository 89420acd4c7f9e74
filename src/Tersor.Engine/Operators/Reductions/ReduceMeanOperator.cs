using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The mean along axes. The axes are an attribute before opset 18 and an input from then on.</summary>
internal sealed class ReduceMeanOperator(OnnxNode node, long operatorSet) : ReductionOperator(node, operatorSet >= 18)
{
    public override void Forward(OperatorContext context) =>
        Reduction.Apply(ReductionKind.Mean, Input, Reduced, context.Singles(0), context.OutputSingles(0), accumulate: false, context.Threads);

    public override void Backward(OperatorContext context) =>
        Broadcast.Expand(Kept, context.OutputGradient(0), Input, context.InputGradient(0), 1f / Math.Max(1, Count), accumulate: false, context.Threads);
}
