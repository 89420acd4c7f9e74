using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x / y</c>; whole numbers are cut towards zero.</summary>
internal sealed class DivOperator(OnnxNode node) : BinaryOperator<DivOperator.Function>(node)
{
    internal readonly struct Function : IBroadcastFunction
    {
        public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Divide(x, y, result);

        public static void Apply(ReadOnlySpan<float> x, float y, Span<float> result) => TensorPrimitives.Divide(x, y, result);

        public static void Apply(float x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Divide(x, y, result);

        public static float Apply(float x, float y) => x / y;

        // Dividing by zero is undefined in ONNX; 0 keeps a run from ending in an exception.
        public static long Apply(long x, long y) => y == 0 ? 0 : y == -1 ? -x : x / y;

        public static float DerivativeX(float x, float y, float result) => 1 / y;

        public static float DerivativeY(float x, float y, float result) => -result / y;
    }
}
