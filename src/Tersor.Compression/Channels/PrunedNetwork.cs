using Tersor.Models.Onnx;

namespace Tersor.Compression.Channels;

/// <summary>A network without some of its channels.</summary>
/// <param name="Graph">The smaller network: same names, smaller tensors, dense.</param>
/// <param name="Report">What changed.</param>
public sealed record PrunedNetwork(OnnxGraph Graph, ChannelPruningReport Report);
