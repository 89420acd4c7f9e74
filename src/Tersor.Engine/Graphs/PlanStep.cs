using Tersor.Engine.Operators;

namespace Tersor.Engine.Graphs;

/// <summary>One operator of a plan with its view of the values.</summary>
internal sealed record PlanStep(Operator Operator, OperatorContext Context);
