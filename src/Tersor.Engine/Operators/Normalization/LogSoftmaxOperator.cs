using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x - max - log(sum(exp(x - max)))</c>.</summary>
internal sealed class LogSoftmaxOperator(OnnxNode node, long operatorSet) : Operator(node)
{
    private SoftmaxAxis _axis;

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool CanOverwrite(int input) => true;

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0);
        _axis = SoftmaxAxis.Of(context, Node, operatorSet);
        context.SetOutput(0, ElementType.Float32, context.ShapeOf(0));
    }

    public override void Forward(OperatorContext context) =>
        Softmax.Forward(logarithm: true, _axis.Outer, _axis.Size, _axis.Inner, context.Singles(0), context.OutputSingles(0), context.Threads);

    public override void Backward(OperatorContext context) => Softmax.Backward(
        logarithm: true, _axis.Outer, _axis.Size, _axis.Inner, context.OutputSingles(0), context.OutputGradient(0), context.InputGradient(0), accumulate: false, context.Threads);
}
