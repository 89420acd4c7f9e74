namespace Tersor.Models.Onnx;

/// <summary>An attribute whose tensors have not got their names yet.</summary>
internal sealed class OnnxPendingAttribute(ByteSource source, WirePayload place)
{
    public string Name { get; set; } = "";

    public OnnxAttributeType Type { get; set; }

    public OnnxAttributeType Found { get; set; }

    public float Float { get; set; }

    public long Int { get; set; }

    public string String { get; set; } = "";

    public int TensorCount { get; set; }

    public bool HasUnreadableTensor { get; set; }

    public List<float> Floats { get; } = [];

    public List<long> Ints { get; } = [];

    public List<string> Strings { get; } = [];

    public List<OnnxTensorRecord> Tensors { get; } = [];

    public OnnxAttribute Finish(Func<OnnxTensorRecord, Tensor> resolve)
    {
        // Files of IR version 1 do not state the type.
        OnnxAttributeType type = Type == OnnxAttributeType.Undefined ? Found : Type;
        switch (type)
        {
            case OnnxAttributeType.Float: return new OnnxAttribute(Name, Float);
            case OnnxAttributeType.Int: return new OnnxAttribute(Name, Int);
            case OnnxAttributeType.String: return new OnnxAttribute(Name, String);
            case OnnxAttributeType.Floats: return new OnnxAttribute(Name, (IReadOnlyList<float>)Floats);
            case OnnxAttributeType.Ints: return new OnnxAttribute(Name, (IReadOnlyList<long>)Ints);
            case OnnxAttributeType.Strings: return new OnnxAttribute(Name, (IReadOnlyList<string>)Strings);
            case OnnxAttributeType.Tensor when !HasUnreadableTensor && Tensors.Count == 1: return new OnnxAttribute(Name, resolve(Tensors[0]));
            case OnnxAttributeType.Tensors when !HasUnreadableTensor: return new OnnxAttribute(Name, (IReadOnlyList<Tensor>)Tensors.ConvertAll(record => resolve(record)));
            default: return OnnxAttribute.Carry(Name, type, source.Slice(place.Start, place.Length));
        }
    }
}
