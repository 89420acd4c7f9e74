using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>condition ? x : y</c>, element by element, all three broadcast.</summary>
internal sealed class WhereOperator(OnnxNode node) : Operator(node)
{
    private readonly StridedLoop[] _broadcast = new StridedLoop[3];
    private readonly StridedLoop[] _reduce = new StridedLoop[3];
    private long[] _condition = [];

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => input > 0;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        if (context.TypeOf(0) != ElementType.Bool) throw context.Malformed($"its condition is {context.TypeOf(0).Name()}, not bool");
        if (context.TypeOf(1) != context.TypeOf(2)) throw context.Malformed($"its choices are {context.TypeOf(1).Name()} and {context.TypeOf(2).Name()}; they must be of one type");
        TensorShape result = ShapeArithmetic.Broadcast(context, context.ShapeOf(0), ShapeArithmetic.Broadcast(context, context.ShapeOf(1), context.ShapeOf(2)));
        context.SetOutput(0, context.TypeOf(1), result);
        for (int i = 0; i < 3; i++)
        {
            _broadcast[i] = StridedLoop.Broadcast(context.ShapeOf(i), result);
            _reduce[i] = StridedLoop.Reduce(result, context.ShapeOf(i));
        }

        _condition = new long[(int)result.ElementCount];
        if (context.TypeOf(1) == ElementType.Float32) context.ReserveScratch(result.ElementCount);
    }

    public override void Forward(OperatorContext context)
    {
        _broadcast[0].Copy<long>(context.Integers(0), _condition);
        if (context.TypeOf(1) == ElementType.Float32)
        {
            Span<float> y = context.OutputSingles(0);
            Span<float> other = context.Scratch;
            _broadcast[1].Copy(context.Singles(1), y);
            _broadcast[2].Copy(context.Singles(2), other);
            for (int i = 0; i < y.Length; i++) y[i] = _condition[i] != 0 ? y[i] : other[i];
            return;
        }

        Span<long> result = context.OutputIntegers(0);
        long[] otherwise = new long[result.Length];
        _broadcast[1].Copy(context.Integers(1), result);
        _broadcast[2].Copy<long>(context.Integers(2), otherwise);
        for (int i = 0; i < result.Length; i++) result[i] = _condition[i] != 0 ? result[i] : otherwise[i];
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        Span<float> part = context.Scratch;
        for (int input = 1; input <= 2; input++)
        {
            if (!context.WantsGradient(input)) continue;
            for (int i = 0; i < part.Length; i++) part[i] = _condition[i] != 0 == (input == 1) ? gradient[i] : 0;
            context.InputGradient(input).Clear();
            _reduce[input].Add(part, context.InputGradient(input));
        }
    }
}
