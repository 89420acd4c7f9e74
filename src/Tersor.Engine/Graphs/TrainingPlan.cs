using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Engine.Operators;
using Tersor.Engine.Training;
using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>
/// A graph prepared to train on inputs of fixed shapes: fill the inputs, run forward, write the gradient of the loss with respect to the outputs, run backward,
/// and read the gradients of what is stored (<see cref="GraphParameter.Stored"/>). Passes allocate nothing. Not safe for several threads; results do not depend on
/// how many threads the kernels use.
/// </summary>
public sealed class TrainingPlan
{
    private readonly ExecutableGraph _graph;
    private readonly GraphParameter[] _parameters;
    private readonly GraphParameter[] _wanted;
    private readonly KernelThreads _threads;
    private readonly PlanStep[] _steps;
    private readonly List<BackwardStep> _backward = [];
    private readonly List<(ValueSlot Gradient, ValueSlot Passed)> _shared = [];
    private readonly IReadOnlyList<ValueSlot> _inputs;
    private readonly IReadOnlyList<ValueSlot> _outputs;
    private readonly ValueSlot[] _outputGradients;

    internal TrainingPlan(
        ExecutableGraph graph, IReadOnlyDictionary<string, TensorShape> inputShapes, PlanPurpose purpose, KernelThreads threads, long maxBytes, Func<GraphParameter, bool>? wanted = null)
    {
        (_graph, _threads) = (graph, threads);
        _parameters = [.. graph.Parameters];
        _wanted = [.. _parameters.Where(parameter => parameter.IsTrainable && (wanted is null || wanted(parameter)))];
        PlanSteps plan = PlanSteps.Make(graph, inputShapes, purpose, threads, wanted);
        _inputs = plan.Inputs;
        _outputs = plan.Outputs;
        _steps = [.. purpose == PlanPurpose.Training ? TrainingFusion.Apply(graph.Source, plan.Steps, plan.Outputs) : plan.Steps];
        CheckGradients();
        MakeBackward();
        _outputGradients = [.. _outputs.Where(output => output.Gradient is not null).Select(output => output.Gradient!)];
        MemoryBytes = PlanMemory(maxBytes);
        foreach (PlanStep step in _steps) step.Context.Threads = threads;
    }

    /// <summary>Bytes of intermediate results and their gradients, weights excluded.</summary>
    public long MemoryBytes { get; }

    /// <summary>Shape of an input.</summary>
    public TensorShape InputShape(int index) => _inputs[index].Shape;

    /// <summary>Shape of an output.</summary>
    public TensorShape OutputShape(int index) => _outputs[index].Shape;

    /// <summary>Where the values of a binary32 input go, row-major. A step overwrites them.</summary>
    /// <exception cref="InvalidOperationException">The input holds whole numbers.</exception>
    public Span<float> Input(int index) => InferencePlan.RequireSingle(_inputs[index]).Singles;

    /// <summary>Where the values of an input of whole numbers go, row-major. A step overwrites them.</summary>
    /// <exception cref="InvalidOperationException">The input holds binary32 values.</exception>
    public Span<long> IntegerInput(int index) => InferencePlan.RequireInteger(_inputs[index]).Integers;

    /// <summary>The values of an output, row-major, until the next forward pass.</summary>
    /// <exception cref="InvalidOperationException">The output holds whole numbers.</exception>
    public ReadOnlySpan<float> Output(int index) => InferencePlan.RequireSingle(_outputs[index]).Singles;

    /// <summary>Where the gradient of the loss with respect to an output goes. Zero after each forward pass: an output whose gradient is not written counts for nothing.</summary>
    /// <exception cref="InvalidOperationException">The output does not depend on any weight.</exception>
    public Span<float> OutputGradient(int index) =>
        (_outputs[index].Gradient ?? throw new InvalidOperationException($"Output '{_outputs[index].Name}' depends on no weight that can be trained.")).Singles;

    /// <summary>Sums for second moments around the weights, to which passes can be added.</summary>
    public RowMoments NewRowMoments() => new(_steps, _threads);

    /// <summary>Makes the weights from what is stored, and computes the outputs.</summary>
    /// <param name="seed">Decides what random operators do; another for every step.</param>
    public void Forward(ulong seed)
    {
        foreach (GraphParameter parameter in _parameters) parameter.Refresh();
        for (int i = 0; i < _steps.Length; i++)
        {
            PlanStep step = _steps[i];
            if (step.SharesMemory) continue;
            step.Context.RandomSeed = RandomStream.Derive(seed, i);
            step.Operator.Forward(step.Context);
        }

        foreach (ValueSlot gradient in _outputGradients) gradient.Singles.Clear();
    }

    /// <summary>Computes the gradients of what is stored from those of the outputs.</summary>
    /// <param name="moments">Receives the gradients of the rows' outputs; null for nothing.</param>
    public void Backward(RowMoments? moments = null)
    {
        foreach (BackwardStep step in _backward)
        {
            moments?.AddOutputGradient(step.Step);
            step.Step.Operator.Backward(step.Step.Context);
            foreach ((ValueSlot part, ValueSlot sum) in step.Sums) TensorPrimitives.Add(sum.Singles, part.Singles, sum.Singles);
        }

        foreach (GraphParameter parameter in _wanted) parameter.Function?.Backward(parameter.Values, parameter.ForwardGradient);
    }

    private void CheckGradients()
    {
        List<string> problems = [];
        foreach (PlanStep step in _steps)
        {
            bool reached = false;
            foreach (ValueSlot? input in step.Context.InputSlots) reached |= input is { NeedsGradient: true };
            if (reached && !step.Operator.HasBackward && step.Context.OutputSlots[0] is { } output
                && (output.ElementType == ElementType.Float32 || step.Operator is QuantizeLinearOperator))
            {
                problems.Add($"{step.Operator.Node} has no gradient, so the model cannot be trained");
            }
        }

        if (problems.Count > 0) throw new UnsupportedModelException(_graph.Source, problems);
    }

    private void MakeBackward()
    {
        foreach (ValueSlot output in _outputs)
        {
            if (output.NeedsGradient) output.Gradient = NewGradient(output);
        }

        for (int i = _steps.Length - 1; i >= 0; i--)
        {
            OperatorContext context = _steps[i].Context;
            bool isReached = false;
            foreach (ValueSlot? output in context.OutputSlots) isReached |= output?.Gradient is not null;
            if (!isReached) continue;
            List<(ValueSlot Part, ValueSlot Sum)> sums = [];
            bool wantsAny = false;
            bool isPassed = false;
            for (int k = 0; k < context.InputCount; k++)
            {
                if (context.InputSlots[k] is not { NeedsGradient: true } input || !_steps[i].Operator.IsDifferentiable(k)) continue;
                wantsAny = true;
                if (input.Gradient is null)
                {
                    // One input at most goes on with the output's gradient: nobody else reads it afterwards.
                    bool passes = !isPassed && input.Parameter is null && _steps[i].Operator.PassesGradient(k);
                    isPassed |= passes;
                    input.Gradient = NewGradient(input);
                    if (passes) _shared.Add((input.Gradient, context.OutputSlots[0]!.Gradient!));
                    context.SetInputGradient(k, input.Gradient, shares: passes);
                }
                else if (_steps[i].Operator.CanAddToGradient(k))
                {
                    context.SetInputGradient(k, input.Gradient, adds: true);
                }
                else
                {
                    ValueSlot part = NewSlot(input, "part");
                    context.SetInputGradient(k, part);
                    sums.Add((part, input.Gradient));
                }
            }

            if (wantsAny) _backward.Add(new BackwardStep(i, _steps[i], [.. sums]));
        }
    }

    private static ValueSlot NewGradient(ValueSlot value)
    {
        ValueSlot gradient = NewSlot(value, "gradient");
        if (value.Parameter is { } parameter) gradient.Bind(new DenseTensor(parameter.Shape, parameter.ForwardGradient));
        return gradient;
    }

    private static ValueSlot NewSlot(ValueSlot value, string purpose)
    {
        ValueSlot slot = new($"{value.Name} {purpose}") { Parameter = purpose == "gradient" ? value.Parameter : null };
        slot.SetType(ElementType.Float32, value.Shape);
        return slot;
    }

    /// <summary>Time runs over the forward steps, the loss, and the backward steps.</summary>
    private long PlanMemory(long maxBytes)
    {
        int loss = _steps.Length;
        int end = (2 * loss) + 1;
        MemoryPlan memory = new();
        foreach ((ValueSlot gradient, ValueSlot passed) in _shared) memory.Share(gradient, passed);
        foreach (ValueSlot input in _inputs) memory.Use(input, -1);
        for (int i = 0; i < _steps.Length; i++)
        {
            OperatorContext context = _steps[i].Context;
            if (_steps[i].Operator.IsView && context.InputSlots[0] is { Constant: null, Parameter: null } viewed)
            {
                memory.Share(context.OutputSlots[0]!, viewed);
                _steps[i].SharesMemory = true;
            }

            foreach (ValueSlot? slot in context.InputSlots) memory.Use(slot, i);
            foreach (ValueSlot? slot in context.OutputSlots) memory.Use(slot, i);
            memory.Use(context.SavedSlot, i);
            memory.Use(context.ScratchSlot, i);
        }

        foreach (ValueSlot output in _outputs)
        {
            memory.Use(output, end);
            memory.Use(output.Gradient, loss);
        }

        foreach (BackwardStep step in _backward)
        {
            int time = (2 * loss) - step.Index;
            OperatorContext context = step.Step.Context;
            for (int k = 0; k < context.InputCount; k++)
            {
                if (context.InputSlots[k] is not { } input) continue;
                if (step.Step.Operator.BackwardReadsInput(k)) memory.Use(input, time);
                if (context.WantsGradient(k)) memory.Use(input.Gradient, time);
            }

            for (int k = 0; k < context.OutputCount; k++)
            {
                if (context.OutputSlots[k] is not { } output) continue;
                if (step.Step.Operator.BackwardReadsOutput(k)) memory.Use(output, time);
                memory.Use(output.Gradient, time);
            }

            foreach ((ValueSlot part, _) in step.Sums) memory.Use(part, time);
            memory.Use(context.SavedSlot, time);
            memory.Use(context.ScratchSlot, time);
        }

        return memory.Allocate(_graph.Source, maxBytes);
    }

    private sealed record BackwardStep(int Index, PlanStep Step, (ValueSlot Part, ValueSlot Sum)[] Sums);
}
