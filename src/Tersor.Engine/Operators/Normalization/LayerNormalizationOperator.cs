using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Normalization over the dimensions from <c>axis</c> (-1 unless said) on; <c>epsilon</c> is 1e-5 unless said. Further outputs: mean and inverse deviation.</summary>
internal sealed class LayerNormalizationOperator(OnnxNode node) : Operator(node)
{
    private readonly float _epsilon = node.Float("epsilon", 1e-5f);
    private int _rows;
    private int _columns;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override bool BackwardReadsInput(int input) => input < 2;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0, 1, 2);
        TensorShape input = context.ShapeOf(0);
        int axis = context.Axis(Node.Int("axis", -1), input.Rank);
        _rows = (int)new TensorShape(input.Dimensions[..axis]).ElementCount;
        _columns = (int)new TensorShape(input.Dimensions[axis..]).ElementCount;
        for (int i = 1; i <= 2; i++)
        {
            if (context.HasInput(i) && context.ShapeOf(i).ElementCount != _columns) throw context.Malformed($"input {i} of {context.ShapeOf(i)} for stretches of {_columns}");
        }

        context.SetOutput(0, ElementType.Float32, input);
        long[] reduced = input.Dimensions.ToArray();
        reduced.AsSpan(axis).Fill(1);
        for (int output = 1; output <= 2 && output < context.OutputCount; output++) context.SetOutput(output, ElementType.Float32, new TensorShape(reduced));
        context.ReserveSaved(2L * _rows);
        if (!context.NeedsBackward) return;
        bool wantsInput = context.InputSlots[0]!.NeedsGradient;
        context.ReserveScratch((2L * _columns) + (wantsInput ? 0 : input.ElementCount));
    }

    public override void Forward(OperatorContext context)
    {
        Span<float> means = context.Saved[.._rows];
        Span<float> inverse = context.Saved[_rows..];
        LayerNormalization.Forward(
            _rows, _columns, context.Singles(0), context.Singles(1), context.HasInput(2) ? context.Singles(2) : [], _epsilon, context.OutputSingles(0), means, inverse, context.Threads);
        if (context.HasOutput(1)) means.CopyTo(context.OutputSingles(1));
        if (context.HasOutput(2)) inverse.CopyTo(context.OutputSingles(2));
    }

    public override void Backward(OperatorContext context) => LayerNormalization.Backward(
        _rows,
        _columns,
        context.Singles(0),
        context.Singles(1),
        context.Saved[.._rows],
        context.Saved[_rows..],
        context.OutputGradient(0),
        context.InputGradientOr(0, context.Scratch[(2 * _columns)..]),
        accumulateInput: false,
        context.InputGradientOr(1, context.Scratch[.._columns]),
        context.InputGradientOr(2, context.Scratch.Slice(_columns, _columns)),
        accumulateParameters: false,
        context.Threads);
}
