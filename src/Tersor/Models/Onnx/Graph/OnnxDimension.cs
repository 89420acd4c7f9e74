using System.Globalization;

namespace Tersor.Models.Onnx;

/// <summary>One dimension of a graph value: a number, a symbol that stands for the same number everywhere, or unknown.</summary>
public readonly record struct OnnxDimension
{
    /// <summary>A dimension of known size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    public OnnxDimension(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        Size = size;
    }

    /// <summary>A dimension with a name, such as <c>N</c> for the batch.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public OnnxDimension(string symbol)
    {
        ArgumentException.ThrowIfNullOrEmpty(symbol);
        Symbol = symbol;
    }

    /// <summary>The size; null where it is not known before the run.</summary>
    public long? Size { get; }

    /// <summary>The name; null for a number and for an unknown dimension.</summary>
    public string? Symbol { get; }

    /// <summary>The number, the symbol, or <c>?</c>.</summary>
    public override string ToString() => Size?.ToString(CultureInfo.InvariantCulture) ?? Symbol ?? "?";
}
