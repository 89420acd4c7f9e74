using Tersor.Engine.Kernels;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = x</c> for <c>x &gt;= 0</c>, <c>slope * x</c> below, the slope being broadcast to the argument.</summary>
internal sealed class PReluOperator(OnnxNode node) : BinaryOperator<PReluOperator.Function>(node)
{
    public override bool CanOverwrite(int input) => input == 0;

    internal readonly struct Function : IBroadcastFunction
    {
        public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result)
        {
            for (int i = 0; i < x.Length; i++) result[i] = Apply(x[i], y[i]);
        }

        public static void Apply(ReadOnlySpan<float> x, float y, Span<float> result)
        {
            for (int i = 0; i < x.Length; i++) result[i] = Apply(x[i], y);
        }

        public static void Apply(float x, ReadOnlySpan<float> y, Span<float> result)
        {
            for (int i = 0; i < y.Length; i++) result[i] = Apply(x, y[i]);
        }

        public static float Apply(float x, float y) => x >= 0 ? x : x * y;

        public static long Apply(long x, long y) => x >= 0 ? x : x * y;

        public static float DerivativeX(float x, float y, float result) => x >= 0 ? 1 : y;

        public static float DerivativeY(float x, float y, float result) => x >= 0 ? 0 : x;
    }
}
