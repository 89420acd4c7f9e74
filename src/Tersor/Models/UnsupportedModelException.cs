namespace Tersor.Models;

/// <summary>The input is valid but asks for what this software does not do. Lists everything unsupported, not only the first.</summary>
public sealed class UnsupportedModelException : Exception
{
    /// <summary>Says which file asks for which unsupported things.</summary>
    public UnsupportedModelException(string file, IReadOnlyList<string> items)
        : base($"{file}: {string.Join("; ", items)}")
    {
        File = file;
        Items = items;
    }

    /// <summary>Path or description of the source.</summary>
    public string File { get; }

    /// <summary>One line per unsupported thing, each with its mend where there is one.</summary>
    public IReadOnlyList<string> Items { get; }
}
