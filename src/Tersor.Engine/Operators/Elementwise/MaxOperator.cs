using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The largest of any number of broadcast arguments; a NaN wins.</summary>
internal sealed class MaxOperator(OnnxNode node) : ExtremumOperator<MaxOperator.Function>(node)
{
    internal readonly struct Function : IBroadcastFunction
    {
        public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Max(x, y, result);

        public static void Apply(ReadOnlySpan<float> x, float y, Span<float> result) => TensorPrimitives.Max(x, y, result);

        public static void Apply(float x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Max(y, x, result);

        public static float Apply(float x, float y) => MathF.Max(x, y);

        public static long Apply(long x, long y) => Math.Max(x, y);

        public static float DerivativeX(float x, float y, float result) => x == result ? 1 : 0;

        public static float DerivativeY(float x, float y, float result) => y == result ? 1 : 0;
    }
}
