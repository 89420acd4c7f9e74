namespace Tersor.Nnc;

/// <summary>How a compressed data unit carries its tensors (<c>nnr_compressed_data_unit_payload_type</c>).</summary>
public enum NncPayloadType
{
    /// <summary>One tensor of integers, coded without loss.</summary>
    Integer = 0,

    /// <summary>One quantized tensor.</summary>
    Float = 1,

    /// <summary>One tensor of binary32 values as they are.</summary>
    RawFloat = 2,

    /// <summary>Several quantized tensors of one layer, coded together.</summary>
    Block = 3,
}
