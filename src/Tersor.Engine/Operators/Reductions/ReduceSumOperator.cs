using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The sum along axes. The axes are an attribute before opset 13 and an input from then on.</summary>
internal sealed class ReduceSumOperator(OnnxNode node, long operatorSet) : ReductionOperator(node, operatorSet >= 13)
{
    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void Forward(OperatorContext context)
    {
        Span<float> y = context.OutputSingles(0);
        y.Clear();
        Down.Add(context.Singles(0), y);
    }

    public override void Backward(OperatorContext context) => Up.Copy(context.OutputGradient(0), context.InputGradient(0));
}
