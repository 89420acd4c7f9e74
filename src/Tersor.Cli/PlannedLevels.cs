using Tersor.Plans;

namespace Tersor.Cli;

/// <summary>All that the bytes of a file follow from, beside the model.</summary>
/// <param name="Plan">The settings of every tensor.</param>
/// <param name="Statistics">What data say of the model; null where nobody asked them.</param>
internal sealed record PlannedLevels(CompressionPlan Plan, PlanStatistics? Statistics = null)
{
    /// <summary>Whether statistics are still to be taken.</summary>
    public bool LacksStatistics => Statistics is null && Plan.NeedsStatistics;
}
