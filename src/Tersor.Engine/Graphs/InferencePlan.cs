using Tersor.Engine.Kernels;
using Tersor.Engine.Operators;
using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>
/// A graph prepared to run on inputs of fixed shapes. Runs allocate nothing: fill the inputs, run, read the outputs, which stay until the next run. Not safe for
/// several threads; results do not depend on how many threads the kernels use.
/// </summary>
public sealed class InferencePlan
{
    private readonly PlanStep[] _steps;
    private readonly IReadOnlyList<ValueSlot> _inputs;
    private readonly IReadOnlyList<ValueSlot> _outputs;

    internal InferencePlan(ExecutableGraph graph, IReadOnlyDictionary<string, TensorShape> inputShapes, KernelThreads threads, long maxBytes)
    {
        PlanSteps plan = PlanSteps.Make(graph, inputShapes, PlanPurpose.Inference, threads);
        Layers = LayerCost.Of(plan.Steps);
        _inputs = plan.Inputs;
        _outputs = plan.Outputs;
        _steps = [.. InferenceFusion.Apply(graph.Source, plan.Steps, plan.Outputs)];
        MemoryBytes = PlanMemory(graph.Source, maxBytes);
        foreach (PlanStep step in _steps) step.Context.Threads = threads;
    }

    /// <summary>Bytes of intermediate results, weights excluded.</summary>
    public long MemoryBytes { get; }

    /// <summary>What each node of the graph costs, in the order of computation.</summary>
    public IReadOnlyList<LayerCost> Layers { get; }

    /// <summary>Shape of an input.</summary>
    public TensorShape InputShape(int index) => _inputs[index].Shape;

    /// <summary>Shape of an output.</summary>
    public TensorShape OutputShape(int index) => _outputs[index].Shape;

    /// <summary>Element type of an input.</summary>
    public ElementType InputType(int index) => _inputs[index].ElementType;

    /// <summary>Element type of an output.</summary>
    public ElementType OutputType(int index) => _outputs[index].ElementType;

    /// <summary>Where the values of a binary32 input go, row-major. A run overwrites them.</summary>
    /// <exception cref="InvalidOperationException">The input holds whole numbers.</exception>
    public Span<float> Input(int index) => RequireSingle(_inputs[index]).Singles;

    /// <summary>Where the values of an input of whole numbers go, row-major. A run overwrites them.</summary>
    /// <exception cref="InvalidOperationException">The input holds binary32 values.</exception>
    public Span<long> IntegerInput(int index) => RequireInteger(_inputs[index]).Integers;

    /// <summary>The values of a binary32 output, row-major, until the next run.</summary>
    /// <exception cref="InvalidOperationException">The output holds whole numbers.</exception>
    public ReadOnlySpan<float> Output(int index) => RequireSingle(_outputs[index]).Singles;

    /// <summary>The values of an output of whole numbers, row-major, until the next run.</summary>
    /// <exception cref="InvalidOperationException">The output holds binary32 values.</exception>
    public ReadOnlySpan<long> IntegerOutput(int index) => RequireInteger(_outputs[index]).Integers;

    /// <summary>The steps, in the order of computation.</summary>
    internal IReadOnlyList<PlanStep> Steps => _steps;

    internal IReadOnlyList<ValueSlot> InputSlots => _inputs;

    internal IReadOnlyList<ValueSlot> OutputSlots => _outputs;

    /// <summary>Computes the outputs from the inputs.</summary>
    public void Run() => Run(0, _steps.Length);

    /// <summary>Takes some steps; all before them must have been taken, or what is read of their results put in place.</summary>
    internal void Run(int from, int to)
    {
        foreach (PlanStep step in _steps.AsSpan(from, to - from))
        {
            if (!step.SharesMemory) step.Operator.Forward(step.Context);
        }
    }

    internal static ValueSlot RequireSingle(ValueSlot slot) =>
        slot.ElementType == ElementType.Float32 ? slot : throw new InvalidOperationException($"'{slot.Name}' holds {slot.ElementType.Name()}, not float32.");

    internal static ValueSlot RequireInteger(ValueSlot slot) =>
        slot.ElementType != ElementType.Float32 ? slot : throw new InvalidOperationException($"'{slot.Name}' holds float32, not whole numbers.");

    private long PlanMemory(string source, long maxBytes)
    {
        Dictionary<ValueSlot, int> lastReads = [];
        for (int i = 0; i < _steps.Length; i++)
        {
            foreach (ValueSlot? input in _steps[i].Context.InputSlots)
            {
                if (input is not null) lastReads[input] = i;
            }
        }

        MemoryPlan memory = new();
        int end = _steps.Length;
        foreach (ValueSlot input in _inputs) memory.Use(input, -1);
        HashSet<ValueSlot> kept = [.. _outputs];
        for (int i = 0; i < _steps.Length; i++)
        {
            OperatorContext context = _steps[i].Context;
            ValueSlot? output = context.OutputSlots[0];
            if (output is not null && SharedInput(memory, _steps[i], i, lastReads, kept) is { } shared)
            {
                memory.Share(output, shared);
                _steps[i].SharesMemory = _steps[i].Operator.IsView;
            }

            foreach (ValueSlot? slot in context.InputSlots) memory.Use(slot, i);
            foreach (ValueSlot? slot in context.OutputSlots)
            {
                memory.Use(slot, i);
                if (slot is not null && lastReads.TryGetValue(slot, out int last)) memory.Use(slot, last);
                if (slot is not null && kept.Contains(slot)) memory.Use(slot, end);
            }

            memory.Use(context.SavedSlot, i);
            memory.Use(context.ScratchSlot, i);
        }

        return memory.Allocate(source, maxBytes);
    }

    /// <summary>The input whose place output 0 takes: that of a view, or one that is read for the last time.</summary>
    private static ValueSlot? SharedInput(MemoryPlan memory, PlanStep step, int time, Dictionary<ValueSlot, int> lastReads, HashSet<ValueSlot> kept)
    {
        ReadOnlySpan<ValueSlot?> inputs = step.Context.InputSlots;
        ValueSlot output = step.Context.OutputSlots[0]!;
        if (step.Operator.IsView) return inputs[0]!.Constant is null ? inputs[0] : null;
        for (int i = 0; i < inputs.Length; i++)
        {
            ValueSlot? input = inputs[i];
            if (input is null || !step.Operator.CanOverwrite(i) || input.Constant is not null || kept.Contains(input)) continue;
            if (input.ElementType != output.ElementType || input.Length != output.Length) continue;
            if (lastReads[input] == time && memory.EndOf(input) <= time) return input;
        }

        return null;
    }
}
