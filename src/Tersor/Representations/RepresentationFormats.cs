using System.Diagnostics.CodeAnalysis;

namespace Tersor.Representations;

/// <summary>The names of formats, as commands and reports have them.</summary>
public static class RepresentationFormats
{
    /// <summary>All formats, the plainest first.</summary>
    public static IReadOnlyList<RepresentationFormat> All { get; } = [.. FormatEntry.All.Select(entry => entry.Format)];

    /// <summary>The name, such as <c>csr16</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such format.</exception>
    public static string Name(this RepresentationFormat format) => FormatEntry.Of(format).Name;

    /// <summary>Whether the format can hold a matrix: its columns can be counted and its values fit the table.</summary>
    public static bool CanHold(this RepresentationFormat format, QuantizedMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return FormatEntry.Of(format).Refuse(matrix.Columns, matrix.Values.Length) is null;
    }

    /// <summary>Finds a format by its name.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out RepresentationFormat? format)
    {
        format = FormatEntry.All.FirstOrDefault(entry => entry.Name == name)?.Format;
        return format is not null;
    }
}
