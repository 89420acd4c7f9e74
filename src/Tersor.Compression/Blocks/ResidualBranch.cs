namespace Tersor.Compression.Blocks;

/// <summary>What a residual network computes beside a shortcut and adds to it; without it the shortcut goes on alone.</summary>
/// <param name="Sum">The value that the branch and the shortcut add up to.</param>
/// <param name="Shortcut">The value that takes the place of the sum where the branch is cut; of the same shape.</param>
/// <param name="Weights">Names of the weights (of two dimensions or more) that nothing but the branch reads, in the order of computation.</param>
public sealed record ResidualBranch(string Sum, string Shortcut, IReadOnlyList<string> Weights)
{
    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Weights);
}
