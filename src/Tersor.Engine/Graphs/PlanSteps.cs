using Tersor.Engine.Kernels;
using Tersor.Engine.Operators;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Graphs;

/// <summary>The steps of a plan for given input shapes: types inferred, and what depends on constants alone computed.</summary>
internal sealed class PlanSteps
{
    private readonly ExecutableGraph _graph;
    private readonly Func<GraphParameter, bool>? _wanted;
    private readonly Dictionary<string, ValueSlot> _slots = new(StringComparer.Ordinal);
    private readonly List<PlanStep> _steps = [];

    private PlanSteps(ExecutableGraph graph, Func<GraphParameter, bool>? wanted)
    {
        (_graph, _wanted) = (graph, wanted);
    }

    public IReadOnlyList<PlanStep> Steps => _steps;

    /// <summary>All values by name, constants included.</summary>
    public Dictionary<string, ValueSlot> Slots => _slots;

    public required IReadOnlyList<ValueSlot> Inputs { get; init; }

    public IReadOnlyList<ValueSlot> Outputs { get; private set; } = [];

    /// <summary>Makes the steps.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inputShapes">A shape for every input.</param>
    /// <param name="purpose">Decides whether weights stay variables whose gradient is wanted.</param>
    /// <param name="threads">What constants are computed with.</param>
    /// <param name="wanted">Whose gradients are wanted; null for those of all weights.</param>
    public static PlanSteps Make(
        ExecutableGraph graph, IReadOnlyDictionary<string, TensorShape> inputShapes, PlanPurpose purpose, KernelThreads threads, Func<GraphParameter, bool>? wanted = null)
    {
        PlanSteps plan = new(graph, wanted) { Inputs = [.. graph.Inputs.Select(input => MakeInput(graph, input, inputShapes))] };
        foreach (ValueSlot input in plan.Inputs) plan._slots.Add(input.Name, input);
        foreach (OnnxNode node in graph.Nodes) plan.AddNode(node, purpose, threads);
        plan.Outputs = [.. graph.Outputs.Select(output => plan.Find(output.Name, purpose)!)];
        return plan;
    }

    private static ValueSlot MakeInput(ExecutableGraph graph, OnnxGraphValue input, IReadOnlyDictionary<string, TensorShape> shapes)
    {
        if (!shapes.TryGetValue(input.Name, out TensorShape shape)) throw new ArgumentException($"{graph.Source}: input '{input.Name}' has been given no shape.", nameof(shapes));
        if (input.Dimensions is { } dimensions)
        {
            bool fits = dimensions.Count == shape.Rank;
            for (int i = 0; fits && i < dimensions.Count; i++) fits = dimensions[i].Size is not { } size || size == shape[i];
            if (!fits) throw new ArgumentException($"{graph.Source}: input '{input}' cannot take {shape}.", nameof(shapes));
        }

        ElementType type = input.ElementType == ElementType.Undefined ? ElementType.Float32 : input.ElementType;
        if (!DenseTensor.Holds(type)) throw new UnsupportedModelException(graph.Source, [$"input '{input}'; the engine computes in float32 and whole numbers"]);
        ValueSlot slot = new(input.Name);
        slot.SetType(type, shape);
        return slot;
    }

    private void AddNode(OnnxNode node, PlanPurpose purpose, KernelThreads threads)
    {
        Operator made = OperatorTable.Create(node, _graph.OperatorSet);
        ValueSlot?[] inputs = [.. node.Inputs.Select(name => Find(name, purpose))];
        ValueSlot?[] outputs = [.. node.Outputs.Select(name => name.Length == 0 ? null : new ValueSlot(name))];
        foreach (ValueSlot? output in outputs)
        {
            if (output is not null) _slots.Add(output.Name, output);
        }

        OperatorContext context = new(_graph.Source, node, inputs, outputs, purpose) { Threads = threads };
        try
        {
            made.InferTypes(context);
        }
        catch (OverflowException error)
        {
            throw new ModelFormatException(_graph.Source, node.ToString(), -1, "its sizes pass what can be counted", error);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            // Attributes of another type than the operator's, and sizes that shapes and kernels refuse.
            throw new ModelFormatException(_graph.Source, node.ToString(), -1, error.Message, error);
        }

        if (outputs.Any(output => output is { ElementType: ElementType.Undefined })) throw context.Malformed("has more outputs than its operator makes");
        if (outputs.All(output => output is null || output.Constant is not null)) return;
        if (made.IsFoldable && inputs.All(input => input is null || input.Constant is not null))
        {
            Fold(made, context, outputs);
            return;
        }

        foreach (ValueSlot? output in outputs)
        {
            if (output is null) continue;
            for (int i = 0; i < inputs.Length; i++) output.NeedsGradient |= inputs[i] is { NeedsGradient: true } && made.IsDifferentiable(i);
        }

        _steps.Add(new PlanStep(made, context));
    }

    private static void Fold(Operator made, OperatorContext context, ValueSlot?[] outputs)
    {
        foreach (ValueSlot? memory in (ReadOnlySpan<ValueSlot?>)[context.SavedSlot, context.ScratchSlot])
            memory?.Bind(DenseTensor.Zeros(memory.ElementType, memory.Shape));
        foreach (ValueSlot? output in outputs) output?.SetConstant(DenseTensor.Zeros(output.ElementType, output.Shape));
        made.Forward(context);
    }

    private ValueSlot? Find(string name, PlanPurpose purpose)
    {
        if (name.Length == 0) return null;
        if (_slots.TryGetValue(name, out ValueSlot? slot)) return slot;
        if (_graph.FindParameter(name) is { } parameter)
        {
            slot = new ValueSlot(name) { Parameter = parameter, IsInitializer = true };
            if (purpose != PlanPurpose.Inference && parameter.IsTrainable)
            {
                slot.SetType(ElementType.Float32, parameter.Shape);
                slot.Bind(parameter.Value);
                slot.NeedsGradient = _wanted is null || _wanted(parameter);
            }
            else
            {
                slot.SetConstant(parameter.Value);
            }
        }
        else if (_graph.FindHeld(name) is { } held)
        {
            slot = new ValueSlot(name) { Held = held, IsInitializer = true };
            slot.SetType(ElementType.Float32, held.Shape);
        }
        else if (_graph.FindUnread(name) is { } unread)
        {
            slot = new ValueSlot(name) { IsInitializer = true };
            slot.SetType(unread.ElementType, unread.Shape);
        }
        else
        {
            slot = new ValueSlot(name) { IsInitializer = true };
            slot.SetConstant(_graph.FindConstant(name)!);
        }

        _slots.Add(name, slot);
        return slot;
    }
}
