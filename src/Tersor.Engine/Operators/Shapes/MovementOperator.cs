using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// An operator that puts each element of input 0 into the output, none, once or several times, by one strided walk; its gradient walks back and sums.
/// </summary>
internal abstract class MovementOperator(OnnxNode node) : Operator(node)
{
    private StridedLoop? _forward;
    private StridedLoop? _backward;

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) == ElementType.Float32) _forward!.Copy(context.Singles(0), context.OutputSingles(0));
        else _forward!.Copy(context.Integers(0), context.OutputIntegers(0));
    }

    public override void Backward(OperatorContext context)
    {
        Span<float> result = context.InputGradient(0);
        result.Clear();
        _backward!.Add(context.OutputGradient(0), result);
    }

    /// <summary>Sets the walk: over <paramref name="dimensions"/>, with strides and start in input and output.</summary>
    protected void SetWalk(ReadOnlySpan<long> dimensions, ReadOnlySpan<long> inputStrides, long inputStart, ReadOnlySpan<long> outputStrides, long outputStart)
    {
        _forward = new StridedLoop(dimensions, inputStrides, inputStart, outputStrides, outputStart);
        _backward = new StridedLoop(dimensions, outputStrides, outputStart, inputStrides, inputStart);
    }
}
