using Tersor.Engine.Kernels;
using Tersor.Engine.Operators;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Graphs;

/// <summary>What one node of a graph costs in one run.</summary>
/// <param name="Node">Operator and name.</param>
/// <param name="OutputShape">Shape of its first output.</param>
/// <param name="MultiplyAdds">Multiplications with addition; 0 for operators that are not products.</param>
/// <param name="Activations">Elements of its first output.</param>
/// <param name="Parameters">Elements of the binary32 weights that it is the first to read.</param>
public sealed record LayerCost(string Node, TensorShape OutputShape, long MultiplyAdds, long Activations, long Parameters)
{
    /// <summary>Measures a graph for one sample, or the batch that it fixes, from the shapes alone: weights are not read, and nothing runs.</summary>
    /// <returns>The nodes in the order of computation; what depends on constants alone is not among them.</returns>
    /// <exception cref="UnsupportedModelException">Operators that the engine does not run, or shapes that depend on data; all operators are named.</exception>
    /// <exception cref="ModelFormatException">A node reads what nobody makes, or shapes do not fit each other.</exception>
    /// <exception cref="ArgumentException">An input leaves its shape, or a dimension other than the first, open.</exception>
    /// <exception cref="ResourceLimitException">A tensor has more elements than an array can hold.</exception>
    public static IReadOnlyList<LayerCost> Measure(OnnxGraph graph)
    {
        ExecutableGraph outline = ExecutableGraph.Outline(graph);
        using KernelThreads threads = new(1);
        return Of(PlanSteps.Make(outline, outline.ShapesForOneSample(), PlanPurpose.Inference, threads).Steps);
    }

    /// <summary>Multiply-adds of a graph for one sample, or the batch that it fixes: the sum over <see cref="Measure"/>, which says what it throws.</summary>
    public static long MultiplyAddsOf(OnnxGraph graph) => Measure(graph).Sum(layer => layer.MultiplyAdds);

    internal static IReadOnlyList<LayerCost> Of(IReadOnlyList<PlanStep> steps)
    {
        List<LayerCost> costs = new(steps.Count);
        HashSet<ValueSlot> counted = [];
        foreach (PlanStep step in steps)
        {
            OperatorContext context = step.Context;
            long parameters = 0;
            foreach (ValueSlot? input in context.InputSlots)
            {
                if (input is { IsInitializer: true, ElementType: ElementType.Float32 } && counted.Add(input)) parameters += input.Length;
            }

            if (context.OutputSlots[0] is { } output)
                costs.Add(new LayerCost(step.Operator.Node.ToString(), output.Shape, step.Operator.MultiplyAdds(context), output.Length, parameters));
        }

        return costs;
    }
}
