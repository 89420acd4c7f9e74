using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = (x - zero_point) * scale</c>.</summary>
internal sealed class DequantizeLinearOperator(OnnxNode node) : Operator(node)
{
    private QuantizationAxis _axis;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => input == 1;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(1);
        if (context.TypeOf(0) == ElementType.Float32) throw context.Malformed("its levels are float32, not whole numbers");
        _axis = QuantizationAxis.Of(context, Node);
        context.SetOutput(0, ElementType.Float32, context.ShapeOf(0));
    }

    public override void Forward(OperatorContext context)
    {
        ReadOnlySpan<long> x = context.Integers(0);
        ReadOnlySpan<float> scale = context.Singles(1);
        ReadOnlySpan<long> zero = context.HasInput(2) ? context.Integers(2) : [];
        Span<float> y = context.OutputSingles(0);
        for (int i = 0; i < x.Length; i++)
        {
            int place = _axis.Of(i);
            y[i] = (x[i] - (zero.IsEmpty ? 0 : zero[place])) * scale[place];
        }
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<long> x = context.Integers(0);
        ReadOnlySpan<long> zero = context.HasInput(2) ? context.Integers(2) : [];
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        Span<float> result = context.InputGradient(1);
        result.Clear();
        for (int i = 0; i < x.Length; i++)
        {
            int place = _axis.Of(i);
            result[place] += gradient[i] * (x[i] - (zero.IsEmpty ? 0 : zero[place]));
        }
    }
}
