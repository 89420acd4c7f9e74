using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Graphs;

/// <summary>What is known of the values of a graph before it runs: types and shapes for one sample (or the batch that the graph fixes), and small constants.</summary>
public sealed class InferredValues
{
    private readonly Dictionary<string, ValueSlot> _slots;

    private InferredValues(IReadOnlyList<OnnxNode> nodes, Dictionary<string, ValueSlot> slots)
    {
        Nodes = nodes;
        _slots = slots;
    }

    /// <summary>The nodes that the outputs depend on, in the order of computation.</summary>
    public IReadOnlyList<OnnxNode> Nodes { get; }

    /// <summary>Infers from shapes alone: large weights are not read, and nothing runs but what small constants decide.</summary>
    /// <exception cref="UnsupportedModelException">Operators that the engine does not run, or shapes that depend on data; all operators are named.</exception>
    /// <exception cref="ModelFormatException">A node reads what nobody makes, or shapes do not fit each other.</exception>
    /// <exception cref="ArgumentException">An input leaves its shape, or a dimension other than the first, open.</exception>
    /// <exception cref="ResourceLimitException">A tensor has more elements than an array can hold.</exception>
    public static InferredValues Of(OnnxGraph graph)
    {
        ExecutableGraph outline = ExecutableGraph.Outline(graph);
        using KernelThreads threads = new(1);
        return new InferredValues(outline.Nodes, PlanSteps.Make(outline, outline.ShapesForOneSample(), PlanPurpose.Inference, threads).Slots);
    }

    /// <summary>Shape of an input, of an initializer in use, or of a result that the outputs depend on.</summary>
    /// <exception cref="KeyNotFoundException">There is no such value.</exception>
    public TensorShape ShapeOf(string value) => _slots[value].Shape;

    /// <summary>Element type of such a value.</summary>
    /// <exception cref="KeyNotFoundException">There is no such value.</exception>
    public ElementType TypeOf(string value) => _slots[value].ElementType;

    /// <summary>The value itself where it does not depend on the inputs' data and was small enough to be computed; null for others and for the empty name.</summary>
    public DenseTensor? ConstantOf(string value) => _slots.GetValueOrDefault(value)?.Constant;
}
