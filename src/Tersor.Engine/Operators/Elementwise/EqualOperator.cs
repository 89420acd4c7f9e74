using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Whether broadcast arguments are equal, element by element.</summary>
internal sealed class EqualOperator(OnnxNode node) : Operator(node)
{
    private StridedLoop? _left;
    private StridedLoop? _right;
    private float[] _leftSingles = [];
    private float[] _rightSingles = [];
    private long[] _leftIntegers = [];
    private long[] _rightIntegers = [];

    public override void InferTypes(OperatorContext context)
    {
        if (context.TypeOf(0) != context.TypeOf(1))
            throw context.Malformed($"its arguments are {context.TypeOf(0).Name()} and {context.TypeOf(1).Name()}; they must be of one type");
        TensorShape result = ShapeArithmetic.Broadcast(context, context.ShapeOf(0), context.ShapeOf(1));
        context.SetOutput(0, ElementType.Bool, result);
        _left = StridedLoop.Broadcast(context.ShapeOf(0), result);
        _right = StridedLoop.Broadcast(context.ShapeOf(1), result);
        if (context.TypeOf(0) == ElementType.Float32) (_leftSingles, _rightSingles) = (new float[(int)result.ElementCount], new float[(int)result.ElementCount]);
        else (_leftIntegers, _rightIntegers) = (new long[(int)result.ElementCount], new long[(int)result.ElementCount]);
    }

    public override void Forward(OperatorContext context)
    {
        Span<long> y = context.OutputIntegers(0);
        if (context.TypeOf(0) == ElementType.Float32)
        {
            _left!.Copy<float>(context.Singles(0), _leftSingles);
            _right!.Copy<float>(context.Singles(1), _rightSingles);
            for (int i = 0; i < y.Length; i++) y[i] = _leftSingles[i] == _rightSingles[i] ? 1 : 0;
            return;
        }

        _left!.Copy<long>(context.Integers(0), _leftIntegers);
        _right!.Copy<long>(context.Integers(1), _rightIntegers);
        for (int i = 0; i < y.Length; i++) y[i] = _leftIntegers[i] == _rightIntegers[i] ? 1 : 0;
    }
}
