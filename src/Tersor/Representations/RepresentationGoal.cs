namespace Tersor.Representations;

/// <summary>What a representation is chosen for.</summary>
public enum RepresentationGoal
{
    /// <summary>The fewest bytes.</summary>
    Smallest,

    /// <summary>The shortest products.</summary>
    Fastest,
}
