using Tersor.Representations;

namespace Tersor.Experiments.Representations;

/// <summary>The weights of a layer.</summary>
internal sealed record NamedMatrix(string Name, QuantizedMatrix Weights);
