using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>x^y</c>. An exponent of whole numbers beside a base of binary32 must be known before the run.</summary>
internal sealed class PowOperator(OnnxNode node) : BinaryOperator(node, BinaryFunction.Power)
{
    private float[]? _exponent;
    private int[] _left = [];
    private int[] _right = [];
    private int[] _result = [];

    public override void InferTypes(OperatorContext context)
    {
        if (context.TypeOf(0) == context.TypeOf(1))
        {
            base.InferTypes(context);
            return;
        }

        DenseTensor exponent = context.ConstantOf(1)
            ?? throw context.Unsupported($"a {context.TypeOf(0).Name()} base with a {context.TypeOf(1).Name()} exponent that depends on the data");
        context.RequireSingle(0);
        _exponent = Array.ConvertAll(exponent.Integers, value => (float)value);
        TensorShape result = ShapeArithmetic.Broadcast(context, context.ShapeOf(0), exponent.Shape);
        context.SetOutput(0, ElementType.Float32, result);
        (_left, _right, _result) = (ShapeArithmetic.Sizes(context, context.ShapeOf(0)), ShapeArithmetic.Sizes(context, exponent.Shape), ShapeArithmetic.Sizes(context, result));
    }

    public override void Forward(OperatorContext context)
    {
        if (_exponent is null) base.Forward(context);
        else Broadcast.Apply(BinaryFunction.Power, _left, context.Singles(0), _right, _exponent, _result, context.OutputSingles(0), context.Threads);
    }

    public override void Backward(OperatorContext context)
    {
        if (_exponent is null)
        {
            base.Backward(context);
            return;
        }

        Broadcast.ApplyGradient(
            BinaryFunction.Power, true, _left, context.Singles(0), _right, _exponent, _result, context.OutputGradient(0), context.InputGradient(0), accumulate: false, context.Threads);
    }

    protected override long Apply(long x, long y) => (long)Math.Pow(x, y);
}
