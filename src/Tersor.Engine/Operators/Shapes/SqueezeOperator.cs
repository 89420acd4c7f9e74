using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Removes the named dimensions of 1, or all. The axes are an attribute before opset 13 and an input from then on.</summary>
internal sealed class SqueezeOperator(OnnxNode node, long operatorSet) : ViewOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long[]? axes = operatorSet >= 13 ? context.HasInput(1) ? context.IntegersOf(1, "axes") : null : Node.Ints("axes");
        bool[] removed = new bool[input.Rank];
        for (int i = 0; i < input.Rank && axes is null; i++) removed[i] = input[i] == 1;
        foreach (long axis in axes ?? [])
        {
            int place = context.Axis(axis, input.Rank);
            if (input[place] != 1) throw context.Malformed($"axis {axis} of {input} is not 1");
            removed[place] = true;
        }

        List<long> output = [];
        for (int i = 0; i < input.Rank; i++)
        {
            if (!removed[i]) output.Add(input[i]);
        }

        context.SetOutput(0, context.TypeOf(0), new TensorShape([.. output]));
    }
}
