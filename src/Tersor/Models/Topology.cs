namespace Tersor.Models;

/// <summary>How a <see cref="Topology"/> is written down. The numbers are the storage formats of ISO/IEC 15938-17 topology units.</summary>
public enum TopologyFormat
{
    /// <summary>No topology: named tensors only.</summary>
    None = 0,

    /// <summary>NNEF text.</summary>
    Nnef = 1,

    /// <summary>An ONNX <c>ModelProto</c> whose coded tensors carry no data.</summary>
    Onnx = 2,

    /// <summary>PyTorch, as the reference software marks it; its content is not defined.</summary>
    PyTorch = 3,

    /// <summary>TensorFlow, as the reference software marks it; its content is not defined.</summary>
    TensorFlow = 4,
}

/// <summary>A network without its weights, as bytes in a stated format.</summary>
/// <param name="Format">What the bytes are.</param>
/// <param name="Bytes">The network; empty for <see cref="TopologyFormat.None"/>.</param>
public sealed record Topology(TopologyFormat Format, ReadOnlyMemory<byte> Bytes);
