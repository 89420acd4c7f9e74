namespace Tersor.Models.Npz;

/// <summary>NumPy's <c>descr</c> beside the element types: byte order (<c>&lt;</c>, <c>&gt;</c>, <c>|</c> for none), kind letter, bytes.</summary>
internal static class NpyElementType
{
    private static readonly (string KindAndWidth, ElementType Type)[] Names =
    [
        ("f2", ElementType.Float16),
        ("f4", ElementType.Float32),
        ("f8", ElementType.Float64),
        ("i1", ElementType.Int8),
        ("i2", ElementType.Int16),
        ("i4", ElementType.Int32),
        ("i8", ElementType.Int64),
        ("u1", ElementType.UInt8),
        ("u2", ElementType.UInt16),
        ("u4", ElementType.UInt32),
        ("u8", ElementType.UInt64),
        ("b1", ElementType.Bool),
        ("c8", ElementType.Complex64),
        ("c16", ElementType.Complex128),
    ];

    /// <summary>The type and byte order that a <c>descr</c> names; false where it is none of this library's.</summary>
    public static bool TryParse(string descriptor, out ElementType type, out bool isBigEndian)
    {
        type = ElementType.Undefined;
        isBigEndian = descriptor.StartsWith('>');
        if (descriptor.Length < 3 || descriptor[0] is not ('<' or '>' or '|' or '=')) return false;
        foreach ((string kindAndWidth, ElementType candidate) in Names)
        {
            if (!descriptor.AsSpan(1).SequenceEqual(kindAndWidth)) continue;
            type = candidate;

            // '|' says that order does not matter, which holds for single bytes only; '=' is the order of a machine that we do not know.
            return candidate.BitWidth() == 8 || descriptor[0] is '<' or '>';
        }

        return false;
    }

    /// <summary>The little-endian <c>descr</c> of a type; null where NumPy has none.</summary>
    public static string? DescriptorOf(ElementType type)
    {
        foreach ((string kindAndWidth, ElementType candidate) in Names)
        {
            if (candidate == type) return (type.BitWidth() == 8 ? '|' : '<') + kindAndWidth;
        }

        return null;
    }
}
