using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Repeats the input along each dimension as often as input 1 tells.</summary>
internal sealed class TileOperator(OnnxNode node) : MovementOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long[] repeats = context.IntegersOf(1, "repeats");
        if (repeats.Length != input.Rank) throw context.Malformed($"{repeats.Length} repeats for an input of {input}");
        long[] output = new long[input.Rank];
        for (int i = 0; i < output.Length; i++)
        {
            if (repeats[i] < 0 || repeats[i] > int.MaxValue) throw context.Malformed($"{repeats[i]} repeats");
            output[i] = checked(repeats[i] * input[i]);
        }

        context.SetOutput(0, context.TypeOf(0), ShapeArithmetic.Shape(context, output));

        // Each dimension is two: which copy, and where in it.
        long[] own = StridedLoop.StridesOf(input.Dimensions);
        long[] whole = StridedLoop.StridesOf(output);
        long[] dimensions = new long[2 * output.Length];
        long[] from = new long[dimensions.Length];
        long[] to = new long[dimensions.Length];
        for (int i = 0; i < output.Length; i++)
        {
            (dimensions[2 * i], from[2 * i], to[2 * i]) = (repeats[i], 0, whole[i] * input[i]);
            (dimensions[(2 * i) + 1], from[(2 * i) + 1], to[(2 * i) + 1]) = (input[i], own[i], whole[i]);
        }

        SetWalk(dimensions, from, 0, to, 0);
    }
}
