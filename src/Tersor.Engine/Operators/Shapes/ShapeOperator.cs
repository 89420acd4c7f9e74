using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The input's dimensions from <c>start</c> (0 unless said) to <c>end</c>, excluded; known before the run.</summary>
internal sealed class ShapeOperator(OnnxNode node) : Operator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        int start = Bound(Node.Int("start", 0), input.Rank);
        int end = Bound(Node.Int("end", input.Rank), input.Rank);
        long[] dimensions = end > start ? input.Dimensions[start..end].ToArray() : [];
        context.SetConstantOutput(0, new DenseTensor(ElementType.Int64, new TensorShape(dimensions.Length), dimensions));
    }

    public override void Forward(OperatorContext context)
    {
        // The output was known when the plan was made.
    }

    private static int Bound(long value, int rank) => (int)Math.Clamp(value < 0 ? value + rank : value, 0, rank);
}
