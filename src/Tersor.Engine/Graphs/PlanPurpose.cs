namespace Tersor.Engine.Graphs;

/// <summary>What a plan is for.</summary>
internal enum PlanPurpose
{
    /// <summary>Outputs alone: weights are constants.</summary>
    Inference,

    /// <summary>The outputs of inference, and gradients of the weights: running statistics, nothing dropped.</summary>
    Gradients,

    /// <summary>Training steps: normalization by the batch, dropout.</summary>
    Training,
}
