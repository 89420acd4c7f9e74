using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x + y</c>, and at inference the clipping that follows.</summary>
internal sealed class AddOperator(OnnxNode node) : BinaryOperator<AddOperator.Function>(node)
{
    private Activation _activation;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override bool TryFuse(Activation activation)
    {
        if (_activation.Kind != ActivationKind.None || activation != Activation.Relu) return false;
        _activation = activation;
        return true;
    }

    public override void Forward(OperatorContext context)
    {
        base.Forward(context);
        if (_activation.Kind != ActivationKind.None && context.TypeOf(0) == ElementType.Float32)
            TensorPrimitives.Max(context.OutputSingles(0), 0f, context.OutputSingles(0));
    }

    internal readonly struct Function : IBroadcastFunction
    {
        public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Add(x, y, result);

        public static void Apply(ReadOnlySpan<float> x, float y, Span<float> result) => TensorPrimitives.Add(x, y, result);

        public static void Apply(float x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Add(y, x, result);

        public static float Apply(float x, float y) => x + y;

        public static long Apply(long x, long y) => x + y;

        public static float DerivativeX(float x, float y, float result) => 1;

        public static float DerivativeY(float x, float y, float result) => 1;
    }
}
