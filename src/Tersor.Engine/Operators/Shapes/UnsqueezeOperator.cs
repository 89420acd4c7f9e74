using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Inserts dimensions of 1 at the named axes of the output. The axes are an attribute before opset 13 and an input from then on.</summary>
internal sealed class UnsqueezeOperator(OnnxNode node, long operatorSet) : ViewOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long[] axes = (operatorSet >= 13 ? context.IntegersOf(1, "axes") : Node.Ints("axes")) ?? throw context.Malformed("has no axes");
        int rank = input.Rank + axes.Length;
        bool[] added = new bool[rank];
        foreach (long axis in axes)
        {
            int place = context.Axis(axis, rank);
            if (added[place]) throw context.Malformed($"axis {axis} is named twice");
            added[place] = true;
        }

        long[] output = new long[rank];
        int next = 0;
        for (int i = 0; i < rank; i++) output[i] = added[i] ? 1 : input[next++];
        context.SetOutput(0, context.TypeOf(0), new TensorShape(output));
    }
}
