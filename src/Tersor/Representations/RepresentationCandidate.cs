namespace Tersor.Representations;

/// <summary>A format that could hold a matrix.</summary>
/// <param name="Format">Which one.</param>
/// <param name="SizeInBits">What it would take: exact where the matrix was measured.</param>
/// <param name="Nanoseconds">What a product would take by a rule of thumb, on one thread.</param>
public sealed record RepresentationCandidate(RepresentationFormat Format, long SizeInBits, double Nanoseconds);
