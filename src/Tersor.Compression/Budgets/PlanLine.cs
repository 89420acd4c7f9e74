namespace Tersor.Compression.Budgets;

/// <summary>Plans in which the steps of all tensors grow together, so that a place says how coarse a tensor is.</summary>
public abstract class PlanLine : PlanFamily
{
    /// <summary>In how many places a step doubles.</summary>
    public abstract int PlacesPerOctave { get; }

    /// <summary>The place of the usual plan.</summary>
    public abstract int Start { get; }
}
