using System.Globalization;

namespace Tersor.Models;

/// <summary>The bytes of a file are not what its format promises: truncated, contradictory or hostile. The message names file, place and mend.</summary>
public sealed class ModelFormatException : Exception
{
    /// <summary>Says what is wrong where.</summary>
    /// <param name="file">Path or description of the source.</param>
    /// <param name="item">The tensor, node or unit concerned, if one is.</param>
    /// <param name="offset">Byte offset in the file; negative where unknown.</param>
    /// <param name="problem">Expected against found, and what to do about it.</param>
    /// <param name="inner">The cause, if another error led here.</param>
    public ModelFormatException(string file, string? item, long offset, string problem, Exception? inner = null)
        : base(Compose(file, item, offset, problem), inner)
    {
        File = file;
        Item = item;
        Offset = offset;
    }

    /// <summary>Path or description of the source.</summary>
    public string File { get; }

    /// <summary>The tensor, node or unit concerned; null where it is the file as a whole.</summary>
    public string? Item { get; }

    /// <summary>Byte offset in the file; negative where unknown.</summary>
    public long Offset { get; }

    private static string Compose(string file, string? item, long offset, string problem)
    {
        string place = item is null ? file : $"{file}: {item}";
        return offset < 0 ? $"{place}: {problem}" : string.Create(CultureInfo.InvariantCulture, $"{place} (byte {offset}): {problem}");
    }
}
