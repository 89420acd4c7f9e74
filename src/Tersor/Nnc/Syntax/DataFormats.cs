using Tersor.Models;

namespace Tersor.Nnc.Syntax;

/// <summary>Element types a unit can ask its tensors to be given back in (<c>nnr_decompressed_data_format</c>).</summary>
internal static class DataFormats
{
    private static readonly ElementType[] ByCode =
    [
        ElementType.Int32, ElementType.Float32, ElementType.Int2, ElementType.Int4, ElementType.Int4, ElementType.Int8,
        ElementType.Int16, ElementType.Int64, ElementType.Float16, ElementType.Float64,
    ];

    /// <summary>3-bit integers have no type of their own here and are given as 4-bit ones.</summary>
    private const int ThreeBitCode = 3;

    public static ElementType? ToElementType(int code) => code < ByCode.Length ? ByCode[code] : null;

    /// <summary>The code of a type, or null where the standard has none.</summary>
    public static int? ToCode(ElementType type)
    {
        for (int code = 0; code < ByCode.Length; code++)
        {
            if (ByCode[code] == type && code != ThreeBitCode) return code;
        }

        return null;
    }
}
