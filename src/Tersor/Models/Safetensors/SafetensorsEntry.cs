namespace Tersor.Models.Safetensors;

/// <summary>One tensor as the header declares it; nothing about it is checked against the data yet.</summary>
internal sealed class SafetensorsEntry(string name, string dataType, long[] dimensions, long start, long end, long fileOffset)
{
    /// <summary>The key.</summary>
    public string Name => name;

    /// <summary>The <c>dtype</c> as written.</summary>
    public string DataType => dataType;

    /// <summary>The <c>shape</c>, every dimension 0 or more.</summary>
    public ReadOnlySpan<long> Dimensions => dimensions;

    /// <summary>First byte, counted from the end of the header.</summary>
    public long Start => start;

    /// <summary>One past the last byte, counted from the end of the header.</summary>
    public long End => end;

    /// <summary>Where the entry stands in the file, for messages.</summary>
    public long FileOffset => fileOffset;
}
