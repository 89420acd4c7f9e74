namespace Tersor.Models.Onnx;

/// <summary>The field of <c>TensorProto</c> that holds a tensor's elements.</summary>
internal enum OnnxEncoding
{
    /// <summary>No field is there.</summary>
    None,

    /// <summary><c>raw_data</c>: little-endian, packed.</summary>
    Raw,

    /// <summary><c>float_data</c>: binary32, or pairs of them for complex64.</summary>
    Float,

    /// <summary><c>int32_data</c>: a varint for each element of at most 32 bits, or for each byte of narrower ones.</summary>
    Int32,

    /// <summary><c>int64_data</c>.</summary>
    Int64,

    /// <summary><c>double_data</c>: binary64, or pairs of them for complex128.</summary>
    Double,

    /// <summary><c>uint64_data</c>: also for uint32.</summary>
    UInt64,

    /// <summary>A file beside the model.</summary>
    External,
}

/// <summary>What a <c>TensorProto</c> says about where its elements are outside the model file.</summary>
/// <param name="Location">Relative path, as written.</param>
/// <param name="Offset">First byte in that file.</param>
/// <param name="Checksum">Where the value of the <c>checksum</c> entry lies in the model, if there is one.</param>
/// <param name="ChecksumText">The checksum as written.</param>
internal sealed record OnnxExternalData(string Location, long Offset, WirePayload? Checksum, string? ChecksumText);

/// <summary>A <c>TensorProto</c> as the scan found it: all that is needed to read its elements, to take them out and to put others in.</summary>
internal sealed class OnnxTensorRecord
{
    public required OnnxMessage Message { get; init; }

    public required ElementType ElementType { get; init; }

    public required TensorShape Shape { get; init; }

    public required OnnxEncoding Encoding { get; init; }

    /// <summary>The length-delimited field that holds, or held, all elements; null where there is none or where they are spread over several.</summary>
    public WirePayload? Data { get; init; }

    /// <summary>Whether there is one data field only, and writing the elements into it again gives the same bytes.</summary>
    public bool IsCanonical { get; init; }

    /// <summary>Whether elements are expected that are not there: the tensor was stripped.</summary>
    public bool IsPlaceholder { get; init; }

    /// <summary>Where the elements are, if outside the file.</summary>
    public OnnxExternalData? External { get; init; }

    /// <summary>The fields <c>external_data</c> and <c>data_location</c>, whatever they say: start and end of each.</summary>
    public IReadOnlyList<(long Start, long End)> LocationFields { get; init; } = [];

    /// <summary>Unique name within the model.</summary>
    public string Name { get; set; } = "";

    /// <summary>Whether the elements lie in the file itself.</summary>
    public bool IsInline => !IsPlaceholder && Encoding is not (OnnxEncoding.None or OnnxEncoding.External);
}
