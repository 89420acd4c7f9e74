using System.Runtime.InteropServices;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The largest value of every window; <c>ceil_mode</c> 0 unless said. The second output (indices) is not made.</summary>
internal sealed class MaxPoolOperator(OnnxNode node) : Operator(node)
{
    private readonly WindowAttributes _window = new(node);
    private readonly bool _roundUp = node.Flag("ceil_mode");
    private PoolingShape _shape;

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        WindowAttributes.RequireImages(context);
        if (context.HasOutput(1)) throw context.Unsupported("its output of indices");
        TensorShape input = context.ShapeOf(0);
        (WindowAxis rows, WindowAxis columns) = _window.Windows(context, input, _roundUp);
        _shape = new PoolingShape(checked((int)(input[0] * input[1])), rows, columns);
        context.SetOutput(0, ElementType.Float32, WindowAttributes.OutputShape(input, input[1], rows.OutputSize, columns.OutputSize));
        if (context.NeedsBackward) context.ReserveSaved(context.OutputShape(0).ElementCount);
    }

    public override void Forward(OperatorContext context) =>
        Pooling.Maximum(_shape, context.Singles(0), context.OutputSingles(0), MemoryMarshal.Cast<float, int>(context.Saved), context.Threads);

    public override void Backward(OperatorContext context) => Pooling.MaximumGradient(
        _shape, MemoryMarshal.Cast<float, int>(context.Saved), context.OutputGradient(0), context.InputGradient(0), accumulate: false, context.Threads);
}
