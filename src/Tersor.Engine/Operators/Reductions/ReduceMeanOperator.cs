using System.Numerics.Tensors;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The mean along axes. The axes are an attribute before opset 18 and an input from then on.</summary>
internal sealed class ReduceMeanOperator(OnnxNode node, long operatorSet) : ReductionOperator(node, operatorSet >= 18)
{
    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void Forward(OperatorContext context)
    {
        Span<float> y = context.OutputSingles(0);
        y.Clear();
        Down.Add(context.Singles(0), y);
        TensorPrimitives.Divide(y, Count, y);
    }

    public override void Backward(OperatorContext context)
    {
        Span<float> result = context.InputGradient(0);
        Up.Copy(context.OutputGradient(0), result);
        TensorPrimitives.Divide(result, Count, result);
    }
}
