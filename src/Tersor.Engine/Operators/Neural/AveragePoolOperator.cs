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
    private PoolingShape _shape;

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        WindowAttributes.RequireImages(context);
        TensorShape input = context.ShapeOf(0);
        (WindowAxis rows, WindowAxis columns) = _window.Windows(context, input, _roundUp);
        _shape = new PoolingShape(checked((int)(input[0] * input[1])), rows, columns, _countPadding);
        context.SetOutput(0, ElementType.Float32, WindowAttributes.OutputShape(input, input[1], rows.OutputSize, columns.OutputSize));
    }

    public override void Forward(OperatorContext context) => Pooling.Average(_shape, context.Singles(0), context.OutputSingles(0), context.Threads);

    public override void Backward(OperatorContext context) =>
        Pooling.AverageGradient(_shape, context.OutputGradient(0), context.InputGradient(0), accumulate: false, context.Threads);
}
