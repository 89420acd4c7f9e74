using Tersor.Engine.Operators;

namespace Tersor.Engine.Graphs;

/// <summary>One operator of a plan with its view of the values.</summary>
internal sealed record PlanStep(Operator Operator, OperatorContext Context)
{
    /// <summary>Whether the operator's output lies where its input lies, so that the forward pass has nothing to do.</summary>
    public bool SharesMemory { get; set; }
}
