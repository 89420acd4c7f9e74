using Tersor.Engine.Data;

namespace Tersor.Cli.Output;

/// <summary>A model and how it did.</summary>
/// <param name="Path">What the user called it.</param>
/// <param name="Bytes">Of its files.</param>
/// <param name="ResidentBytes">Of its weights in memory.</param>
/// <param name="IsHeld">Whether some weights are run from a representation.</param>
/// <param name="Result">The figures.</param>
internal sealed record EvaluatedModel(string Path, long Bytes, long ResidentBytes, bool IsHeld, Evaluation Result);
