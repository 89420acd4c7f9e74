using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The mean of every window; <c>ceil_mode</c> and <c>count_include_pad</c> are 0 unless said.</summary>
internal sealed class AveragePoolOperator(OnnxNode node) : Operator(node)
{
    private readonly WindowAttributes _window = new(node);
    private readonly bool _roundUp = node.Flag("ceil_mode");
    private readonly bool _countPadding = node.Flag("count_include_pad");
    private WindowAxis _rows;
    private WindowAxis _columns;
    private int _planes;

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        WindowAttributes.RequireImages(context);
        TensorShape input = context.ShapeOf(0);
        (_rows, _columns) = _window.Windows(context, input, _roundUp);
        _planes = checked((int)(input[0] * input[1]));
        context.SetOutput(0, ElementType.Float32, WindowAttributes.OutputShape(input, input[1], _rows.OutputSize, _columns.OutputSize));
    }

    public override void Forward(OperatorContext context) =>
        ReferencePooling.AverageForward(_rows, _columns, _countPadding, _planes, context.Singles(0), context.OutputSingles(0));

    public override void Backward(OperatorContext context) =>
        ReferencePooling.AverageBackward(_rows, _columns, _countPadding, _planes, context.OutputGradient(0), context.InputGradient(0));
}
