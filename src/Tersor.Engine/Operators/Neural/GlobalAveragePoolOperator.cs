using System.Numerics.Tensors;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The mean of every channel of every image.</summary>
internal sealed class GlobalAveragePoolOperator(OnnxNode node) : Operator(node)
{
    private int _places;

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0);
        context.SetOutput(0, ElementType.Float32, GlobalPooling.OutputShape(context, out _places));
    }

    public override void Forward(OperatorContext context)
    {
        ReadOnlySpan<float> x = context.Singles(0);
        Span<float> y = context.OutputSingles(0);
        for (int i = 0; i < y.Length; i++) y[i] = TensorPrimitives.Sum(x.Slice(i * _places, _places)) / _places;
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        Span<float> result = context.InputGradient(0);
        for (int i = 0; i < gradient.Length; i++) result.Slice(i * _places, _places).Fill(gradient[i] / _places);
    }
}
