using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x - max - log(sum(exp(x - max)))</c>.</summary>
internal sealed class LogSoftmaxOperator(OnnxNode node, long operatorSet) : Operator(node)
{
    private SoftmaxAxis _axis;

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0);
        _axis = SoftmaxAxis.Of(context, Node, operatorSet);
        context.SetOutput(0, ElementType.Float32, context.ShapeOf(0));
    }

    public override void Forward(OperatorContext context)
    {
        ReadOnlySpan<float> x = context.Singles(0);
        Span<float> y = context.OutputSingles(0);
        int step = _axis.Inner;
        for (int group = 0; group < _axis.Groups; group++)
        {
            int start = _axis.Start(group);
            float largest = float.NegativeInfinity;
            for (int i = 0; i < _axis.Size; i++) largest = MathF.Max(largest, x[start + (i * step)]);
            float sum = 0;
            for (int i = 0; i < _axis.Size; i++) sum += MathF.Exp(x[start + (i * step)] - largest);
            float shift = largest + MathF.Log(sum);
            for (int i = 0; i < _axis.Size; i++) y[start + (i * step)] = x[start + (i * step)] - shift;
        }
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> y = context.OutputSingles(0);
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        Span<float> result = context.InputGradient(0);
        int step = _axis.Inner;
        for (int group = 0; group < _axis.Groups; group++)
        {
            int start = _axis.Start(group);
            float sum = 0;
            for (int i = 0; i < _axis.Size; i++) sum += gradient[start + (i * step)];
            for (int i = 0; i < _axis.Size; i++) result[start + (i * step)] = gradient[start + (i * step)] - (MathF.Exp(y[start + (i * step)]) * sum);
        }
    }
}
