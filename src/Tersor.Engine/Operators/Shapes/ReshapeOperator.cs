using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The same elements in the shape that input 1 tells: one -1 stands for what is left, 0 for the input's own dimension unless <c>allowzero</c>.</summary>
internal sealed class ReshapeOperator(OnnxNode node) : ViewOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long[] wanted = [.. context.IntegersOf(1, "dimensions")];
        bool allowsZero = Node.Flag("allowzero");
        int open = -1;
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] == 0 && !allowsZero) wanted[i] = i < input.Rank ? input[i] : throw context.Malformed($"a 0 at {i} keeps a dimension that {input} has not");
            if (wanted[i] != -1) continue;
            if (open >= 0) throw context.Malformed("more than one dimension is -1");
            open = i;
            wanted[i] = 1;
        }

        if (!TensorShape.TryCountElements(wanted, out long count)) throw context.Malformed($"dimensions [{string.Join(", ", wanted)}]");
        if (open >= 0)
        {
            if (count == 0 || input.ElementCount % count != 0) throw context.Malformed($"{input} cannot become [{string.Join(", ", context.IntegersOf(1, "dimensions"))}]");
            wanted[open] = input.ElementCount / count;
        }
        else if (count != input.ElementCount)
        {
            throw context.Malformed($"{input} cannot become [{string.Join(", ", wanted)}]");
        }

        context.SetOutput(0, context.TypeOf(0), new TensorShape(wanted));
    }
}
