using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// Cuts a tensor along <c>axis</c> (0 unless said) into parts of given lengths (an attribute before opset 13, an input from then on), or into equal ones, the last
/// being shorter where they do not divide.
/// </summary>
internal sealed class SplitOperator(OnnxNode node, long operatorSet) : Operator(node)
{
    private StridedLoop[] _out = [];
    private StridedLoop[] _back = [];

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        int axis = context.Axis(Node.Int("axis", 0), input.Rank);
        long[] lengths = Lengths(context, input[axis]);
        long[] strides = StridedLoop.StridesOf(input.Dimensions);
        _out = new StridedLoop[lengths.Length];
        _back = new StridedLoop[lengths.Length];
        long start = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            long[] part = input.Dimensions.ToArray();
            part[axis] = lengths[i];
            long[] own = StridedLoop.StridesOf(part);
            context.SetOutput(i, context.TypeOf(0), new TensorShape(part));
            _out[i] = new StridedLoop(part, strides, start * strides[axis], own, 0);
            _back[i] = new StridedLoop(part, own, 0, strides, start * strides[axis]);
            start += lengths[i];
        }
    }

    public override void Forward(OperatorContext context)
    {
        for (int i = 0; i < _out.Length; i++)
        {
            if (!context.HasOutput(i)) continue;
            if (context.TypeOf(0) == ElementType.Float32) _out[i].Copy(context.Singles(0), context.OutputSingles(i));
            else _out[i].Copy(context.Integers(0), context.OutputIntegers(i));
        }
    }

    public override void Backward(OperatorContext context)
    {
        context.InputGradient(0).Clear();
        for (int i = 0; i < _back.Length; i++)
        {
            if (context.HasOutputGradient(i)) _back[i].Copy(context.OutputGradient(i), context.InputGradient(0));
        }
    }

    private long[] Lengths(OperatorContext context, long size)
    {
        long[]? lengths = operatorSet >= 13 ? context.HasInput(1) ? context.IntegersOf(1, "lengths") : null : Node.Ints("split");
        if (lengths is not null)
        {
            if (lengths.Length != context.OutputCount || lengths.Any(length => length < 0) || lengths.Sum() != size)
                throw context.Malformed($"lengths [{string.Join(", ", lengths)}] do not make {context.OutputCount} parts of {size}");
            return lengths;
        }

        int parts = context.OutputCount;
        long each = (size + parts - 1) / parts;
        lengths = new long[parts];
        for (int i = 0; i < parts; i++) lengths[i] = Math.Clamp(size - (i * each), 0, each);
        return lengths;
    }
}
