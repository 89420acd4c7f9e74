using Tersor.Engine.Operators;
using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>
/// Makes fewer passes of a plan for inference: batch normalization is folded into the convolution before it, a summand and the activation behind are taken over
/// by the kernel that writes the values.
/// </summary>
internal sealed class InferenceFusion
{
    private readonly string _source;
    private readonly List<PlanStep?> _steps;
    private readonly HashSet<ValueSlot> _outputs;
    private readonly Dictionary<ValueSlot, int> _makers = [];
    private readonly Dictionary<ValueSlot, int> _readers = [];

    private InferenceFusion(string source, IReadOnlyList<PlanStep> steps, IReadOnlyList<ValueSlot> outputs)
    {
        _source = source;
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

    public static List<PlanStep> Apply(string source, IReadOnlyList<PlanStep> steps, IReadOnlyList<ValueSlot> outputs)
    {
        InferenceFusion fusion = new(source, steps, outputs);
        for (int i = 0; i < steps.Count; i++) fusion.FoldBatchNormalization(i);
        for (int i = 0; i < steps.Count; i++) fusion.FuseSummand(i);
        for (int i = 0; i < steps.Count; i++) fusion.FuseActivation(i);
        return [.. fusion._steps.OfType<PlanStep>()];
    }

    /// <summary>The step that makes a value which only one other reads; -1 where there is none.</summary>
    private int OnlyMaker(ValueSlot? value) =>
        value is not null && !_outputs.Contains(value) && _readers.GetValueOrDefault(value) == 1 && _makers.TryGetValue(value, out int maker) ? maker : -1;

    private void FoldBatchNormalization(int index)
    {
        if (_steps[index] is not { Operator: BatchNormalizationOperator norm } step) return;
        ReadOnlySpan<ValueSlot?> inputs = step.Context.InputSlots;
        int maker = OnlyMaker(inputs[0]);
        if (maker < 0 || _steps[maker] is not { Operator: ConvOperator } conv) return;
        ReadOnlySpan<ValueSlot?> before = conv.Context.InputSlots;
        bool hasBias = conv.Context.HasInput(2);
        if (before[1]!.Constant is not { } weight || (hasBias && before[2]!.Constant is null)) return;
        for (int i = 1; i <= 4; i++)
        {
            if (inputs[i]!.Constant is null) return;
        }

        (float[] scale, float[] shift, float[] mean, float[] variance) =
            (inputs[1]!.Constant!.Singles, inputs[2]!.Constant!.Singles, inputs[3]!.Constant!.Singles, inputs[4]!.Constant!.Singles);
        float[] foldedWeight = [.. weight.Singles];
        float[] foldedBias = hasBias ? [.. before[2]!.Constant!.Singles] : new float[scale.Length];
        int perChannel = foldedWeight.Length / scale.Length;
        for (int c = 0; c < scale.Length; c++)
        {
            float factor = scale[c] / MathF.Sqrt(variance[c] + norm.Epsilon);
            foreach (ref float value in foldedWeight.AsSpan(c * perChannel, perChannel)) value *= factor;
            foldedBias[c] = ((foldedBias[c] - mean[c]) * factor) + shift[c];
        }

        ValueSlot[] folded =
        [
            before[0]!,
            Constant($"{before[1]!.Name} folded", new DenseTensor(weight.Shape, foldedWeight)),
            Constant($"{before[1]!.Name} folded bias", new DenseTensor(new TensorShape(foldedBias.Length), foldedBias)),
        ];
        Replace(maker, conv.Operator, folded, step.Context.OutputSlots[0]!);
        _steps[index] = null;
    }

    private void FuseSummand(int index)
    {
        if (_steps[index] is not { Operator: AddOperator } step) return;
        for (int side = 0; side < 2; side++)
        {
            ValueSlot product = step.Context.InputSlots[side]!;
            ValueSlot summand = step.Context.InputSlots[1 - side]!;
            int maker = OnlyMaker(product);
            if (maker < 0 || summand.ElementType != ElementType.Float32 || product.Shape != summand.Shape) continue;
            if (_steps[maker] is not { Operator: ConvOperator { CanAddResidual: true } conv } before || before.Context.HasInput(ConvOperator.Residual)) continue;

            // The summand must be there when the convolution writes.
            if (_makers.TryGetValue(summand, out int summandMaker) && summandMaker > maker) continue;
            ValueSlot?[] inputs = new ValueSlot?[ConvOperator.Residual + 1];
            before.Context.InputSlots.CopyTo(inputs);
            inputs[ConvOperator.Residual] = summand;
            Replace(maker, conv, inputs, step.Context.OutputSlots[0]!);
            _steps[index] = null;
            return;
        }
    }

    private void FuseActivation(int index)
    {
        if (_steps[index] is not { } step || step.Operator.AsActivation(step.Context) is not { } activation) return;
        int maker = OnlyMaker(step.Context.InputSlots[0]);
        if (maker < 0 || _steps[maker] is not { } before || !before.Operator.TryFuse(activation)) return;
        ValueSlot?[] inputs = before.Context.InputSlots.ToArray();
        Replace(maker, before.Operator, inputs, step.Context.OutputSlots[0]!);
        _steps[index] = null;
    }

    private void Replace(int index, Operator made, ValueSlot?[] inputs, ValueSlot output)
    {
        OperatorContext context = new(_source, made.Node, inputs, [output], isTraining: false);
        made.InferTypes(context);
        _steps[index] = new PlanStep(made, context);
        _makers[output] = index;
    }

    private static ValueSlot Constant(string name, DenseTensor value)
    {
        ValueSlot slot = new(name);
        slot.SetConstant(value);
        return slot;
    }
}
