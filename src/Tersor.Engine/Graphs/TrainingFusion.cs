using Tersor.Engine.Kernels;
using Tersor.Engine.Operators;

namespace Tersor.Engine.Graphs;

/// <summary>Makes fewer passes of a plan for training: batch normalization takes over the residual and the ReLU behind it, forward and backward.</summary>
internal sealed class TrainingFusion : StepFusion
{
    private TrainingFusion(string source, IReadOnlyList<PlanStep> steps, IReadOnlyList<ValueSlot> outputs)
        : base(source, steps, outputs, PlanPurpose.Training)
    {
    }

    public static IEnumerable<PlanStep> Apply(string source, IReadOnlyList<PlanStep> steps, IReadOnlyList<ValueSlot> outputs)
    {
        TrainingFusion fusion = new(source, steps, outputs);
        for (int i = 0; i < fusion.Count; i++)
            fusion.FuseSummand(i, before => before.Operator is BatchNormalizationOperator { CanAddResidual: true }, BatchNormalizationOperator.Residual);
        for (int i = 0; i < fusion.Count; i++)
            fusion.FuseActivation(i, (before, activation) => activation == Activation.Relu && before.Operator is BatchNormalizationOperator && before.Operator.TryFuse(activation));
        return fusion.Remaining;
    }
}
