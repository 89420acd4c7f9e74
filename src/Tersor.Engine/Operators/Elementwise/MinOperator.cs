using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The smallest of any number of broadcast arguments; a NaN wins.</summary>
internal sealed class MinOperator(OnnxNode node) : ExtremumOperator<MinOperator.Function>(node)
{
    internal readonly struct Function : IBroadcastFunction
    {
        public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Min(x, y, result);

        public static void Apply(ReadOnlySpan<float> x, float y, Span<float> result) => TensorPrimitives.Min(x, y, result);

        public static void Apply(float x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Min(y, x, result);

        public static float Apply(float x, float y) => MathF.Min(x, y);

        public static long Apply(long x, long y) => Math.Min(x, y);

        public static float DerivativeX(float x, float y, float result) => x == result ? 1 : 0;

        public static float DerivativeY(float x, float y, float result) => y == result ? 1 : 0;
    }
}
