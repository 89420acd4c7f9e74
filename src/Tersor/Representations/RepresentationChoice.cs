namespace Tersor.Representations;

/// <summary>A format chosen, and why.</summary>
/// <param name="Format">The best for the goal.</param>
/// <param name="Reason">Why, in a sentence with the numbers that decided.</param>
/// <param name="Candidates">All formats that can hold the matrix, the best first.</param>
public sealed record RepresentationChoice(RepresentationFormat Format, string Reason, IReadOnlyList<RepresentationCandidate> Candidates);
