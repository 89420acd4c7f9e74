using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// The largest or smallest of any number of broadcast arguments. The gradient is shared evenly among the arguments that give the result.
/// </summary>
internal abstract class ExtremumOperator(OnnxNode node) : Operator(node)
{
    private StridedLoop[] _broadcast = [];
    private StridedLoop[] _reduce = [];

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override void InferTypes(OperatorContext context)
    {
        TensorShape result = context.ShapeOf(0);
        for (int i = 1; i < context.InputCount; i++)
        {
            if (context.TypeOf(i) != context.TypeOf(0)) throw context.Malformed($"its arguments are {context.TypeOf(0).Name()} and {context.TypeOf(i).Name()}; they must be of one type");
            result = ShapeArithmetic.Broadcast(context, result, context.ShapeOf(i));
        }

        context.SetOutput(0, context.TypeOf(0), result);
        _broadcast = new StridedLoop[context.InputCount];
        _reduce = new StridedLoop[context.InputCount];
        for (int i = 0; i < _broadcast.Length; i++)
        {
            _broadcast[i] = StridedLoop.Broadcast(context.ShapeOf(i), result);
            _reduce[i] = StridedLoop.Reduce(result, context.ShapeOf(i));
        }


        // One argument in full size, and while training the number of winners.
        if (context.TypeOf(0) == ElementType.Float32) context.ReserveScratch(result.ElementCount * (context.NeedsBackward ? 2 : 1));
    }

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) != ElementType.Float32)
        {
            ForwardIntegers(context);
            return;
        }

        Span<float> y = context.OutputSingles(0);
        Span<float> other = context.Scratch[..y.Length];
        _broadcast[0].Copy(context.Singles(0), y);
        for (int i = 1; i < context.InputCount; i++)
        {
            _broadcast[i].Copy(context.Singles(i), other);
            Combine(y, other, y);
        }
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> y = context.OutputSingles(0);
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        Span<float> other = context.Scratch[..y.Length];
        Span<float> winners = context.Scratch[y.Length..];
        winners.Clear();
        for (int i = 0; i < context.InputCount; i++)
        {
            _broadcast[i].Copy(context.Singles(i), other);
            for (int k = 0; k < y.Length; k++) winners[k] += other[k] == y[k] ? 1 : 0;
        }

        for (int i = 0; i < context.InputCount; i++)
        {
            if (!context.WantsGradient(i)) continue;
            _broadcast[i].Copy(context.Singles(i), other);
            for (int k = 0; k < y.Length; k++) other[k] = other[k] == y[k] ? gradient[k] / winners[k] : 0;
            context.InputGradient(i).Clear();
            _reduce[i].Add(other, context.InputGradient(i));
        }
    }

    /// <summary>The extremum of two tensors of one shape.</summary>
    protected abstract void Combine(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result);

    /// <summary>The extremum of two tensors of whole numbers of one shape.</summary>
    protected abstract void Combine(ReadOnlySpan<long> x, ReadOnlySpan<long> y, Span<long> result);

    private void ForwardIntegers(OperatorContext context)
    {
        Span<long> y = context.OutputIntegers(0);
        long[] other = new long[y.Length];
        _broadcast[0].Copy(context.Integers(0), y);
        for (int i = 1; i < context.InputCount; i++)
        {
            _broadcast[i].Copy(context.Integers(i), other);
            Combine(y, other, y);
        }
    }
}
