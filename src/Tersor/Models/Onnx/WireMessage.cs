namespace Tersor.Models.Onnx;

/// <summary>Where a protobuf message lies within its source, and in which message: what must change when something inside changes its length.</summary>
internal class WireMessage
{
    /// <summary>The outermost message, which has no length prefix.</summary>
    public WireMessage(long length)
    {
        Payload = new WirePayload(0, 0, 0, 0, length);
    }

    public WireMessage(WireMessage parent, WirePayload payload)
    {
        Parent = parent;
        Payload = payload;
    }

    public WireMessage? Parent { get; }

    public WirePayload Payload { get; }
}
