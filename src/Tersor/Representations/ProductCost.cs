namespace Tersor.Representations;

/// <summary>
/// What one product with a vector takes by the counting rules of the CER paper: every element read from an array, the vector's among them, is a load; sums of rows
/// stay in registers; arithmetic on indices is not counted.
/// </summary>
public sealed record ProductCost
{
    /// <summary>Elements read, of all arrays and the vector.</summary>
    public required long Loads { get; init; }

    /// <summary>Multiplications of values.</summary>
    public required long Multiplications { get; init; }

    /// <summary>Additions of values.</summary>
    public required long Additions { get; init; }

    /// <summary>Elements of the product written.</summary>
    public required long Writes { get; init; }

    /// <summary>Estimated energy.</summary>
    public required double EnergyInPicojoules { get; init; }
}
