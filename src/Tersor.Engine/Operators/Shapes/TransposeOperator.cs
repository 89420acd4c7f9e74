using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Puts the dimensions in the order <c>perm</c>; reversed unless said.</summary>
internal sealed class TransposeOperator(OnnxNode node) : Operator(node)
{
    private int[] _input = [];
    private int[] _output = [];
    private int[] _order = [];
    private int[] _back = [];

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long[] order = Node.Ints("perm") ?? [.. Enumerable.Range(0, input.Rank).Select(i => (long)(input.Rank - 1 - i))];
        if (order.Length != input.Rank || order.Order().Where((axis, i) => axis != i).Any())
            throw context.Malformed($"perm [{string.Join(", ", order)}] for an input of {input}");
        TensorShape output = new(Array.ConvertAll(order, axis => input[(int)axis]));
        context.SetOutput(0, context.TypeOf(0), output);
        (_input, _output) = (ShapeArithmetic.Sizes(context, input), ShapeArithmetic.Sizes(context, output));
        _order = Array.ConvertAll(order, axis => (int)axis);
        _back = new int[_order.Length];
        for (int i = 0; i < _order.Length; i++) _back[_order[i]] = i;
    }

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) == ElementType.Float32) Transposition.Permute(_input, _order, context.Singles(0), context.OutputSingles(0), context.Threads);
        else Transposition.Permute(_input, _order, context.Integers(0), context.OutputIntegers(0), context.Threads);
    }

    public override void Backward(OperatorContext context) =>
        Transposition.Permute(_output, _back, context.OutputGradient(0), context.InputGradient(0), context.Threads);
}
