using Tersor.Engine.Operators;

namespace Tersor.Engine.Graphs;

/// <summary>The steps of a plan while some take over what others do.</summary>
internal abstract class StepFusion
{
    private readonly string _source;
    private readonly PlanPurpose _purpose;
    private readonly PlanStep?[] _steps;
    private readonly HashSet<ValueSlot> _outputs;
    private readonly Dictionary<ValueSlot, int> _makers = [];
    private readonly Dictionary<ValueSlot, int> _readers = [];

    protected StepFusion(string source, IReadOnlyList<PlanStep> steps, IReadOnlyList<ValueSlot> outputs, PlanPurpose purpose)
    {
        _source = source;
        _purpose = purpose;
        _steps = [.. steps];
        _outputs = [.. outputs];
        for (int i = 0; i < steps.Count; i++)
        {
            foreach (ValueSlot? output in steps[i].Context.OutputSlots)
            {
                if (output is not null) _makers[output] = i;
            }

            foreach (ValueSlot? input in steps[i].Context.InputSlots)
            {
                if (input is not null) _readers[input] = _readers.GetValueOrDefault(input) + 1;
            }
        }
    }

    /// <summary>Number of steps at the beginning.</summary>
    protected int Count => _steps.Length;

    /// <summary>The steps that are left.</summary>
    protected IEnumerable<PlanStep> Remaining => _steps.OfType<PlanStep>();

    /// <summary>A step, or null where another has taken it over.</summary>
    protected PlanStep? this[int index] => _steps[index];

    /// <summary>The step that makes a value which only one other reads; -1 where there is none.</summary>
    protected int OnlyMaker(ValueSlot? value) =>
        value is not null && !_outputs.Contains(value) && _readers.GetValueOrDefault(value) == 1 && _makers.TryGetValue(value, out int maker) ? maker : -1;

    /// <summary>Gives the sum of a step to the one before that makes a summand of it and <paramref name="takes"/> it as an input numbered <paramref name="input"/>.</summary>
    protected void FuseSummand(int index, Func<PlanStep, bool> takes, int input)
    {
        if (_steps[index] is not { Operator: AddOperator } step) return;
        for (int side = 0; side < 2; side++)
        {
            ValueSlot product = step.Context.InputSlots[side]!;
            ValueSlot summand = step.Context.InputSlots[1 - side]!;
            int maker = OnlyMaker(product);
            if (maker < 0 || summand.ElementType != Models.ElementType.Float32 || product.Shape != summand.Shape) continue;
            if (_steps[maker] is not { } before || !takes(before) || before.Context.HasInput(input)) continue;

            // The summand must be there when the sum is written.
            if (_makers.TryGetValue(summand, out int summandMaker) && summandMaker > maker) continue;
            ValueSlot?[] inputs = new ValueSlot?[Math.Max(input + 1, before.Context.InputCount)];
            before.Context.InputSlots.CopyTo(inputs);
            inputs[input] = summand;
            Replace(maker, before.Operator, inputs, index);
            return;
        }
    }

    /// <summary>Gives the activation of a step to the one before, where that <paramref name="takes"/> it.</summary>
    protected void FuseActivation(int index, Func<PlanStep, Kernels.Activation, bool> takes)
    {
        if (_steps[index] is not { } step || step.Operator.AsActivation(step.Context) is not { } activation) return;
        int maker = OnlyMaker(step.Context.InputSlots[0]);
        if (maker < 0 || _steps[maker] is not { } before || !takes(before, activation)) return;
        Replace(maker, before.Operator, before.Context.InputSlots.ToArray(), index);
    }

    /// <summary>Makes the step at <paramref name="index"/> again, with other inputs and the output of the step that it <paramref name="takesOver"/>.</summary>
    protected void Replace(int index, Operator made, ValueSlot?[] inputs, int takesOver)
    {
        ValueSlot output = _steps[takesOver]!.Context.OutputSlots[0]!;
        OperatorContext context = new(_source, made.Node, inputs, [output], _purpose);
        made.InferTypes(context);
        _steps[index] = new PlanStep(made, context);
        _steps[takesOver] = null;
        _makers[output] = index;
    }
}
