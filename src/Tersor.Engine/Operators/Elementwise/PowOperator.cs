using System.Numerics.Tensors;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x^y</c>. An exponent of whole numbers beside a base of binary32 must be known before the run.</summary>
internal sealed class PowOperator(OnnxNode node) : Operator(node)
{
    private readonly PowFloats _floats = new(node);
    private DenseTensor? _exponent;
    private BroadcastLoop? _loop;
    private StridedLoop? _reduce;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override void InferTypes(OperatorContext context)
    {
        if (context.TypeOf(0) == context.TypeOf(1))
        {
            _floats.InferTypes(context);
            return;
        }

        DenseTensor exponent = context.ConstantOf(1)
            ?? throw context.Unsupported($"a {context.TypeOf(0).Name()} base with a {context.TypeOf(1).Name()} exponent that depends on the data");
        context.RequireSingle(0);
        _exponent = new DenseTensor(exponent.Shape, Array.ConvertAll(exponent.Integers, value => (float)value));
        TensorShape result = BroadcastLoop.ResultShape(context.ShapeOf(0), exponent.Shape)
            ?? throw context.Malformed($"shapes {context.ShapeOf(0)} and {exponent.Shape} cannot be broadcast to each other");
        context.SetOutput(0, ElementType.Float32, result);
        _loop = new BroadcastLoop(context.ShapeOf(0), exponent.Shape, result);
        _reduce = context.ShapeOf(0).ElementCount == result.ElementCount ? null : StridedLoop.Reduce(result, context.ShapeOf(0));
        if (context.IsTraining && _reduce is not null) context.ReserveScratch(result.ElementCount);
    }

    public override void Forward(OperatorContext context)
    {
        if (_exponent is null) _floats.Forward(context);
        else _loop!.Run<PowFloats.Function>(context.Singles(0), _exponent.Singles, context.OutputSingles(0));
    }

    public override void Backward(OperatorContext context)
    {
        if (_exponent is null)
        {
            _floats.Backward(context);
            return;
        }

        Span<float> gradient = context.InputGradient(0);
        Span<float> full = _reduce is null ? gradient : context.Scratch;
        _loop!.RunDerivative<PowFloats.Function>(true, context.Singles(0), _exponent.Singles, context.OutputSingles(0), context.OutputGradient(0), full);
        if (_reduce is null) return;
        gradient.Clear();
        _reduce.Add(full, gradient);
    }

    private sealed class PowFloats(OnnxNode node) : BinaryOperator<PowFloats.Function>(node)
    {
        internal readonly struct Function : IBroadcastFunction
        {
            public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Pow(x, y, result);

            public static void Apply(ReadOnlySpan<float> x, float y, Span<float> result)
            {
                if (y == 2f) TensorPrimitives.Multiply(x, x, result);
                else if (y == 0.5f) TensorPrimitives.Sqrt(x, result);
                else TensorPrimitives.Pow(x, y, result);
            }

            public static void Apply(float x, ReadOnlySpan<float> y, Span<float> result) => TensorPrimitives.Pow(x, y, result);

            public static float Apply(float x, float y) => MathF.Pow(x, y);

            public static long Apply(long x, long y) => (long)Math.Pow(x, y);

            public static float DerivativeX(float x, float y, float result) => y == 0 ? 0 : y * MathF.Pow(x, y - 1);

            public static float DerivativeY(float x, float y, float result) => x > 0 ? result * MathF.Log(x) : 0;
        }
    }
}
