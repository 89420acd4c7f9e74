using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Tersor.Cli.Output;

/// <summary>Byte counts as people write and read them.</summary>
internal static class ByteSize
{
    private static readonly (string Suffix, long Factor)[] Suffixes =
    [
        ("KIB", 1L << 10), ("MIB", 1L << 20), ("GIB", 1L << 30), ("TIB", 1L << 40),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40),
        ("B", 1), ("", 1),
    ];

    /// <summary>
    /// Reads <c>1500</c>, <c>512MB</c> (powers of 1000), <c>1.5GiB</c> or <c>1G</c> (powers of 1024). False for anything else and for sizes below one byte.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out long bytes)
    {
        bytes = 0;
        if (text is null) return false;
        string upper = text.Trim().ToUpperInvariant();
        foreach ((string suffix, long factor) in Suffixes)
        {
            if (!upper.EndsWith(suffix, StringComparison.Ordinal)) continue;
            const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite;
            if (!decimal.TryParse(upper[..^suffix.Length], Plain, CultureInfo.InvariantCulture, out decimal number)) return false;
            if (number < 0 || number > long.MaxValue / factor) return false;
            bytes = (long)(number * factor);
            return bytes >= 1;
        }

        return false;
    }

    /// <summary>Such as <c>1,724,320</c>.</summary>
    public static string Exact(long bytes) => bytes.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Such as <c>1.72 MB</c> (powers of 1000, three digits).</summary>
    public static string Human(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
        double value = bytes;
        int unit = 0;
        while (value >= 999.5 && unit < units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        string format = unit == 0 || value >= 99.95 ? "F0" : value >= 9.995 ? "F1" : "F2";
        return value.ToString(format, CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary>Such as <c>1,724,320 bytes (1.72 MB)</c>; small counts only exactly.</summary>
    public static string Full(long bytes) => bytes < 1000 ? $"{Exact(bytes)} bytes" : $"{Exact(bytes)} bytes ({Human(bytes)})";
}
