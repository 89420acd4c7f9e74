using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x - y</c>.</summary>
internal sealed class SubOperator(OnnxNode node) : BinaryOperator<SubOperator.Function>(node)
{
    internal readonly struct Function : IBroadcastFunction
    {
        public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Subtract(x, y, result);

        public static void Apply(ReadOnlySpan<float> x, float y, Span<float> result) => TensorPrimitives.Subtract(x, y, result);

        public static void Apply(float x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Subtract(x, y, result);

        public static float Apply(float x, float y) => x - y;

        public static long Apply(long x, long y) => x - y;

        public static float DerivativeX(float x, float y, float result) => 1;

        public static float DerivativeY(float x, float y, float result) => -1;
    }
}
