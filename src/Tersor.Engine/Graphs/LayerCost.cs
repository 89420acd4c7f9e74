using Tersor.Engine.Operators;
using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>What one node of a graph costs.</summary>
/// <param name="Node">Operator and name.</param>
/// <param name="OutputShape">Shape of its first output.</param>
/// <param name="MultiplyAdds">Multiplications with addition in one run; 0 for operators that are not products.</param>
/// <param name="Activations">Elements of its first output.</param>
/// <param name="Parameters">Elements of the weights that it reads.</param>
public sealed record LayerCost(string Node, TensorShape OutputShape, long MultiplyAdds, long Activations, long Parameters)
{
    internal static IReadOnlyList<LayerCost> Of(IReadOnlyList<PlanStep> steps)
    {
        List<LayerCost> costs = new(steps.Count);
        foreach (PlanStep step in steps)
        {
            OperatorContext context = step.Context;
            long parameters = 0;
            foreach (ValueSlot? input in context.InputSlots)
            {
                if (input?.Parameter is not null) parameters += input.Length;
            }

            if (context.OutputSlots[0] is { } output)
                costs.Add(new LayerCost(step.Operator.Node.ToString(), output.Shape, step.Operator.MultiplyAdds(context), output.Length, parameters));
        }

        return costs;
    }
}
