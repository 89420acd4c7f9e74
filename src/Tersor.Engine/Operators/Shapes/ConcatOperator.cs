using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Joins any number of tensors along <c>axis</c>.</summary>
internal sealed class ConcatOperator(OnnxNode node) : Operator(node)
{
    private StridedLoop[] _into = [];
    private StridedLoop[] _back = [];

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        TensorShape first = context.ShapeOf(0);
        int axis = context.Axis(Node.Find("axis")?.Int ?? throw context.Malformed("has no axis"), first.Rank);
        long[] output = first.Dimensions.ToArray();
        for (int i = 1; i < context.InputCount; i++)
        {
            TensorShape next = context.ShapeOf(i);
            if (context.TypeOf(i) != context.TypeOf(0)) throw context.Malformed($"joins {context.TypeOf(0).Name()} with {context.TypeOf(i).Name()}");
            if (next.Rank != first.Rank) throw context.Malformed($"cannot join {first} and {next}");
            for (int d = 0; d < output.Length; d++)
            {
                if (d == axis) output[d] = checked(output[d] + next[d]);
                else if (output[d] != next[d]) throw context.Malformed($"cannot join {first} and {next} along axis {axis}");
            }
        }

        context.SetOutput(0, context.TypeOf(0), ShapeArithmetic.Shape(context, output));
        long[] strides = StridedLoop.StridesOf(output);
        _into = new StridedLoop[context.InputCount];
        _back = new StridedLoop[context.InputCount];
        long start = 0;
        for (int i = 0; i < _into.Length; i++)
        {
            TensorShape part = context.ShapeOf(i);
            long[] own = StridedLoop.StridesOf(part.Dimensions);
            _into[i] = new StridedLoop(part.Dimensions, own, 0, strides, start * strides[axis]);
            _back[i] = new StridedLoop(part.Dimensions, strides, start * strides[axis], own, 0);
            start += part[axis];
        }
    }

    public override void Forward(OperatorContext context)
    {
        for (int i = 0; i < _into.Length; i++)
        {
            if (context.TypeOf(0) == ElementType.Float32) _into[i].Copy(context.Singles(i), context.OutputSingles(0));
            else _into[i].Copy(context.Integers(i), context.OutputIntegers(0));
        }
    }

    public override void Backward(OperatorContext context)
    {
        for (int i = 0; i < _back.Length; i++)
        {
            if (context.WantsGradient(i)) _back[i].Copy(context.OutputGradient(0), context.InputGradient(i));
        }
    }
}
