using Tersor.Engine.Operators;
using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>
/// Makes fewer passes of a plan for inference: batch normalization is folded into the convolution before it, a summand and the activation behind are taken over
/// by the kernel that writes the values.
/// </summary>
internal sealed class InferenceFusion : StepFusion
{
    private InferenceFusion(string source, IReadOnlyList<PlanStep> steps, IReadOnlyList<ValueSlot> outputs)
        : base(source, steps, outputs, PlanPurpose.Inference)
    {
    }

    public static IEnumerable<PlanStep> Apply(string source, IReadOnlyList<PlanStep> steps, IReadOnlyList<ValueSlot> outputs)
    {
        InferenceFusion fusion = new(source, steps, outputs);
        for (int i = 0; i < fusion.Count; i++) fusion.FoldBatchNormalization(i);
        for (int i = 0; i < fusion.Count; i++) fusion.FuseSummand(i, before => before.Operator is ConvOperator { CanAddResidual: true }, ConvOperator.Residual);
        for (int i = 0; i < fusion.Count; i++) fusion.FuseActivation(i, (before, activation) => before.Operator.TryFuse(activation));
        return fusion.Remaining;
    }

    private void FoldBatchNormalization(int index)
    {
        if (this[index] is not { Operator: BatchNormalizationOperator norm } step) return;
        ReadOnlySpan<ValueSlot?> inputs = step.Context.InputSlots;
        int maker = OnlyMaker(inputs[0]);
        if (maker < 0 || this[maker] is not { Operator: ConvOperator } conv) return;
        ReadOnlySpan<ValueSlot?> before = conv.Context.InputSlots;
        bool hasBias = conv.Context.HasInput(2);
        bool isHeld = before[1]!.Held is not null;
        if ((before[1]!.Constant is null && !isHeld) || (hasBias && before[2]!.Constant is null)) return;
        for (int i = 1; i <= 4; i++)
        {
            if (inputs[i]!.Constant is null) return;
        }

        (float[] scale, float[] shift, float[] mean, float[] variance) =
            (inputs[1]!.Constant!.Singles, inputs[2]!.Constant!.Singles, inputs[3]!.Constant!.Singles, inputs[4]!.Constant!.Singles);
        float[] factors = new float[scale.Length];
        float[] foldedBias = hasBias ? [.. before[2]!.Constant!.Singles] : new float[scale.Length];
        for (int c = 0; c < scale.Length; c++)
        {
            factors[c] = scale[c] / MathF.Sqrt(variance[c] + norm.Epsilon);
            foldedBias[c] = ((foldedBias[c] - mean[c]) * factors[c]) + shift[c];
        }

        TensorShape channels = new(scale.Length);
        ValueSlot bias = Constant($"{before[1]!.Name} folded bias", new DenseTensor(channels, foldedBias));

        // A representation stays as it is: its products are scaled.
        ValueSlot?[] folded = isHeld
            ? [before[0]!, before[1]!, bias, null, Constant($"{before[1]!.Name} factors", new DenseTensor(channels, factors))]
            : [before[0]!, Constant($"{before[1]!.Name} folded", Scaled(before[1]!.Constant!, factors)), bias];
        Replace(maker, conv.Operator, folded, index);
    }

    private static DenseTensor Scaled(DenseTensor weight, float[] factors)
    {
        float[] scaled = [.. weight.Singles];
        int perChannel = scaled.Length / factors.Length;
        for (int c = 0; c < factors.Length; c++)
        {
            foreach (ref float value in scaled.AsSpan(c * perChannel, perChannel)) value *= factors[c];
        }

        return new DenseTensor(weight.Shape, scaled);
    }

    private static ValueSlot Constant(string name, DenseTensor value)
    {
        ValueSlot slot = new(name);
        slot.SetConstant(value);
        return slot;
    }
}
