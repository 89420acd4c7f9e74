namespace Tersor.Models;

/// <summary>The type of a tensor's elements. The numbers are those of ONNX <c>TensorProto.DataType</c>.</summary>
public enum ElementType
{
    /// <summary>Not stated.</summary>
    Undefined = 0,

    /// <summary>IEEE 754 binary32.</summary>
    Float32 = 1,

    /// <summary>Unsigned, 8 bits.</summary>
    UInt8 = 2,

    /// <summary>Signed, 8 bits.</summary>
    Int8 = 3,

    /// <summary>Unsigned, 16 bits.</summary>
    UInt16 = 4,

    /// <summary>Signed, 16 bits.</summary>
    Int16 = 5,

    /// <summary>Signed, 32 bits.</summary>
    Int32 = 6,

    /// <summary>Signed, 64 bits.</summary>
    Int64 = 7,

    /// <summary>Text; has no fixed width.</summary>
    String = 8,

    /// <summary>One byte, 0 or 1.</summary>
    Bool = 9,

    /// <summary>IEEE 754 binary16.</summary>
    Float16 = 10,

    /// <summary>IEEE 754 binary64.</summary>
    Float64 = 11,

    /// <summary>Unsigned, 32 bits.</summary>
    UInt32 = 12,

    /// <summary>Unsigned, 64 bits.</summary>
    UInt64 = 13,

    /// <summary>Two binary32 values: real, imaginary.</summary>
    Complex64 = 14,

    /// <summary>Two binary64 values: real, imaginary.</summary>
    Complex128 = 15,

    /// <summary>The upper half of a binary32.</summary>
    BFloat16 = 16,

    /// <summary>8 bits, 4 exponent, 3 mantissa, finite.</summary>
    Float8E4M3FN = 17,

    /// <summary>8 bits, 4 exponent, 3 mantissa, finite, no negative zero.</summary>
    Float8E4M3FNUZ = 18,

    /// <summary>8 bits, 5 exponent, 2 mantissa.</summary>
    Float8E5M2 = 19,

    /// <summary>8 bits, 5 exponent, 2 mantissa, finite, no negative zero.</summary>
    Float8E5M2FNUZ = 20,

    /// <summary>Unsigned, 4 bits, two in a byte, low nibble first.</summary>
    UInt4 = 21,

    /// <summary>Signed, 4 bits, two in a byte, low nibble first.</summary>
    Int4 = 22,

    /// <summary>4 bits, 2 exponent, 1 mantissa, two in a byte.</summary>
    Float4E2M1 = 23,

    /// <summary>8 bits, a power of two.</summary>
    Float8E8M0 = 24,

    /// <summary>Unsigned, 2 bits, four in a byte.</summary>
    UInt2 = 25,

    /// <summary>Signed, 2 bits, four in a byte.</summary>
    Int2 = 26,
}

/// <summary>Widths, kinds and names of <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>Bits of one element; 0 for <see cref="ElementType.String"/> and undefined types.</summary>
    public static int BitWidth(this ElementType type) => type switch
    {
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 32,
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 or ElementType.Complex64 => 64,
        ElementType.Complex128 => 128,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 16,
        ElementType.Int8 or ElementType.UInt8 or ElementType.Bool => 8,
        ElementType.Float8E4M3FN or ElementType.Float8E4M3FNUZ => 8,
        ElementType.Float8E5M2 or ElementType.Float8E5M2FNUZ or ElementType.Float8E8M0 => 8,
        ElementType.Int4 or ElementType.UInt4 or ElementType.Float4E2M1 => 4,
        ElementType.Int2 or ElementType.UInt2 => 2,
        _ => 0,
    };

    /// <summary>Bytes of <paramref name="elementCount"/> packed elements.</summary>
    /// <exception cref="OverflowException">The number does not fit 64 bits.</exception>
    public static long ByteLength(this ElementType type, long elementCount)
    {
        int bits = type.BitWidth();
        return bits >= 8 ? checked(elementCount * (bits / 8)) : checked((elementCount * bits) + 7) / 8;
    }

    /// <summary>Types that hold real numbers and can be quantized: binary16, bfloat16, binary32, binary64.</summary>
    public static bool IsQuantizable(this ElementType type) =>
        type is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64;

    /// <summary>Types whose elements are numbers: all but text and undefined ones.</summary>
    public static bool IsNumeric(this ElementType type) => type.BitWidth() > 0;

    /// <summary>Whole numbers (and <see cref="ElementType.Bool"/>) of any width.</summary>
    public static bool IsInteger(this ElementType type) => type is
        ElementType.UInt8 or ElementType.Int8 or ElementType.UInt16 or ElementType.Int16 or ElementType.Int32 or ElementType.Int64
        or ElementType.UInt32 or ElementType.UInt64 or ElementType.Bool or ElementType.UInt4 or ElementType.Int4
        or ElementType.UInt2 or ElementType.Int2;

    /// <summary>The name used in tables, plans and JSON, such as <c>float32</c>.</summary>
    public static string Name(this ElementType type) => type switch
    {
        ElementType.Undefined => "undefined",
        ElementType.Float32 => "float32",
        ElementType.UInt8 => "uint8",
        ElementType.Int8 => "int8",
        ElementType.UInt16 => "uint16",
        ElementType.Int16 => "int16",
        ElementType.Int32 => "int32",
        ElementType.Int64 => "int64",
        ElementType.String => "string",
        ElementType.Bool => "bool",
        ElementType.Float16 => "float16",
        ElementType.Float64 => "float64",
        ElementType.UInt32 => "uint32",
        ElementType.UInt64 => "uint64",
        ElementType.Complex64 => "complex64",
        ElementType.Complex128 => "complex128",
        ElementType.BFloat16 => "bfloat16",
        ElementType.Float8E4M3FN => "float8e4m3fn",
        ElementType.Float8E4M3FNUZ => "float8e4m3fnuz",
        ElementType.Float8E5M2 => "float8e5m2",
        ElementType.Float8E5M2FNUZ => "float8e5m2fnuz",
        ElementType.UInt4 => "uint4",
        ElementType.Int4 => "int4",
        ElementType.Float4E2M1 => "float4e2m1",
        ElementType.Float8E8M0 => "float8e8m0",
        ElementType.UInt2 => "uint2",
        ElementType.Int2 => "int2",
        _ => "type" + ((int)type).ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <summary>Every type that has a name and a number.</summary>
    public static IReadOnlyList<ElementType> All { get; } = Enum.GetValues<ElementType>()[1..];
}
