using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>An element-wise function of two broadcast arguments.</summary>
internal abstract class BinaryOperator(OnnxNode node, BinaryFunction function) : Operator(node)
{
    private readonly IntegerBroadcast _integers = new();
    private int[] _left = [];
    private int[] _right = [];
    private int[] _result = [];

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    /// <summary>Whether no argument is repeated.</summary>
    protected bool IsOneToOne => _left.AsSpan().SequenceEqual(_right);

    public override bool BackwardReadsOutput(int output) => false;

    public override bool CanOverwrite(int input) => true;

    public override void InferTypes(OperatorContext context)
    {
        if (context.TypeOf(0) != context.TypeOf(1))
            throw context.Malformed($"its arguments are {context.TypeOf(0).Name()} and {context.TypeOf(1).Name()}; they must be of one type");
        TensorShape result = ShapeArithmetic.Broadcast(context, context.ShapeOf(0), context.ShapeOf(1));
        context.SetOutput(0, context.TypeOf(0), result);
        (_left, _right, _result) = (ShapeArithmetic.Sizes(context, context.ShapeOf(0)), ShapeArithmetic.Sizes(context, context.ShapeOf(1)), ShapeArithmetic.Sizes(context, result));
        if (context.TypeOf(0) != ElementType.Float32) _integers.Prepare(context.ShapeOf(0), context.ShapeOf(1), result);
    }

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) == ElementType.Float32)
            Broadcast.Apply(function, _left, context.Singles(0), _right, context.Singles(1), _result, context.OutputSingles(0), context.Threads);
        else
            _integers.Run(context.Integers(0), context.Integers(1), context.OutputIntegers(0), Apply);
    }

    public override void Backward(OperatorContext context)
    {
        for (int input = 0; input < 2; input++)
        {
            if (!context.WantsGradient(input) || context.SharesGradient(input)) continue;
            Broadcast.ApplyGradient(
                function, input == 0, _left, context.Singles(0), _right, context.Singles(1), _result, context.OutputGradient(0), context.InputGradient(input), accumulate: false, context.Threads);
        }
    }

    /// <summary>The function of whole numbers.</summary>
    protected abstract long Apply(long x, long y);
}
