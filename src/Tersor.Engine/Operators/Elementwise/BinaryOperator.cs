using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>An element-wise function of two broadcast arguments.</summary>
internal abstract class BinaryOperator<TFunction>(OnnxNode node) : Operator(node)
    where TFunction : struct, IBroadcastFunction
{
    private BroadcastLoop? _loop;
    private StridedLoop? _reduceLeft;
    private StridedLoop? _reduceRight;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override bool CanOverwrite(int input) => true;

    public override void InferTypes(OperatorContext context)
    {
        if (context.TypeOf(0) != context.TypeOf(1))
            throw context.Malformed($"its arguments are {context.TypeOf(0).Name()} and {context.TypeOf(1).Name()}; they must be of one type");
        TensorShape left = context.ShapeOf(0);
        TensorShape right = context.ShapeOf(1);
        TensorShape result = BroadcastLoop.ResultShape(left, right)
            ?? throw context.Malformed($"shapes {left} and {right} cannot be broadcast to each other");
        context.SetOutput(0, context.TypeOf(0), result);
        _loop = new BroadcastLoop(left, right, result);
        _reduceLeft = left.ElementCount == result.ElementCount ? null : StridedLoop.Reduce(result, left);
        _reduceRight = right.ElementCount == result.ElementCount ? null : StridedLoop.Reduce(result, right);
        if (context.IsTraining && (_reduceLeft is not null || _reduceRight is not null)) context.ReserveScratch(result.ElementCount);
    }

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) == ElementType.Float32) _loop!.Run<TFunction>(context.Singles(0), context.Singles(1), context.OutputSingles(0));
        else _loop!.Run<TFunction>(context.Integers(0), context.Integers(1), context.OutputIntegers(0));
    }

    public override void Backward(OperatorContext context)
    {
        Differentiate(context, 0, _reduceLeft);
        Differentiate(context, 1, _reduceRight);
    }

    private void Differentiate(OperatorContext context, int input, StridedLoop? reduce)
    {
        if (!context.WantsGradient(input)) return;
        Span<float> gradient = context.InputGradient(input);
        Span<float> full = reduce is null ? gradient : context.Scratch;
        _loop!.RunDerivative<TFunction>(
            input == 0, context.Singles(0), context.Singles(1), context.OutputSingles(0), context.OutputGradient(0), full);
        if (reduce is null) return;
        gradient.Clear();
        reduce.Add(full, gradient);
    }
}
