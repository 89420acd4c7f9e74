using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>An operator that gives its input another shape. Input and output share memory, so the passes copy only where a plan keeps them apart.</summary>
internal abstract class ViewOperator(OnnxNode node) : Operator(node)
{
    public override bool HasBackward => true;

    public override bool IsView => true;

    public override bool PassesGradient(int input) => input == 0;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) == ElementType.Float32) context.Singles(0).CopyTo(context.OutputSingles(0));
        else context.Integers(0).CopyTo(context.OutputIntegers(0));
    }

    public override void Backward(OperatorContext context)
    {
        if (!context.SharesGradient(0)) context.OutputGradient(0).CopyTo(context.InputGradient(0));
    }
}
