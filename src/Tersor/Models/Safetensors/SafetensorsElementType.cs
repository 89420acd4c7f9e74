namespace Tersor.Models.Safetensors;

/// <summary>The <c>dtype</c> names of safetensors beside the element types they mean.</summary>
internal static class SafetensorsElementType
{
    // F6_E2M3 and F6_E3M2 are names of the format too, but no element type of this library has six bits.
    private static readonly (string Name, ElementType Type)[] Names =
    [
        ("F64", ElementType.Float64),
        ("F32", ElementType.Float32),
        ("F16", ElementType.Float16),
        ("BF16", ElementType.BFloat16),
        ("F8_E4M3", ElementType.Float8E4M3FN),
        ("F8_E5M2", ElementType.Float8E5M2),
        ("F8_E4M3FNUZ", ElementType.Float8E4M3FNUZ),
        ("F8_E5M2FNUZ", ElementType.Float8E5M2FNUZ),
        ("F8_E8M0", ElementType.Float8E8M0),
        ("F4", ElementType.Float4E2M1),
        ("I64", ElementType.Int64),
        ("I32", ElementType.Int32),
        ("I16", ElementType.Int16),
        ("I8", ElementType.Int8),
        ("U64", ElementType.UInt64),
        ("U32", ElementType.UInt32),
        ("U16", ElementType.UInt16),
        ("U8", ElementType.UInt8),
        ("BOOL", ElementType.Bool),
        ("C64", ElementType.Complex64),
    ];

    /// <summary>The names in the order of the table, for messages.</summary>
    public static string AllNames { get; } = string.Join(", ", Names.Select(pair => pair.Name));

    /// <summary>The type that a <c>dtype</c> names; <see cref="ElementType.Undefined"/> where it names none of this library's.</summary>
    public static ElementType Of(string name)
    {
        foreach ((string candidate, ElementType type) in Names)
        {
            if (candidate == name) return type;
        }

        return ElementType.Undefined;
    }

    /// <summary>The <c>dtype</c> of a type; null where safetensors has none.</summary>
    public static string? NameOf(ElementType type)
    {
        foreach ((string name, ElementType candidate) in Names)
        {
            if (candidate == type) return name;
        }

        return null;
    }
}
