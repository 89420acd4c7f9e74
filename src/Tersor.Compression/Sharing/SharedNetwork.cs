using Tersor.Models.Onnx;

namespace Tersor.Compression.Sharing;

/// <summary>A network after <see cref="WeightSharing.Apply"/>.</summary>
/// <param name="Graph">The network with the shared values in its weights.</param>
/// <param name="Weights">What was shared, by name; tensors that were too small are not among them.</param>
public sealed record SharedNetwork(OnnxGraph Graph, IReadOnlyDictionary<string, SharedWeight> Weights);
