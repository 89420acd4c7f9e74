using System.Globalization;

namespace Tersor.Quantization;

/// <summary>What an error bound is measured by.</summary>
public enum ErrorBoundMode
{
    /// <summary>|x - x'| is at most the bound.</summary>
    Absolute,

    /// <summary>|x - x'| is at most the bound times the range of the tensor, its largest less its least value.</summary>
    Relative,

    /// <summary>|x - x'| is at most the bound times |x|; zeros stay zeros.</summary>
    Pointwise,
}

/// <summary>
/// How far any weight may come back from where it was. Unlike a step size it is a guarantee: rounding to the tensor's own element type is part of the error,
/// and the whole tensor is checked before it is written.
/// </summary>
public sealed record ErrorBound
{
    private static readonly (string Word, ErrorBoundMode Mode)[] Modes =
        [("abs", ErrorBoundMode.Absolute), ("rel", ErrorBoundMode.Relative), ("pointwise", ErrorBoundMode.Pointwise)];

    /// <summary>States a bound.</summary>
    /// <param name="mode">What it is measured by.</param>
    /// <param name="value">Positive and finite; below 1 for <see cref="ErrorBoundMode.Pointwise"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of these.</exception>
    public ErrorBound(ErrorBoundMode mode, double value)
    {
        if (!IsAllowed(mode, value)) throw new ArgumentOutOfRangeException(nameof(value), value, "A bound is a positive finite number, and below 1 where it is pointwise.");
        (Mode, Value) = (mode, value);
    }

    /// <summary>What the form of a bound is, for messages.</summary>
    public static string Form => "abs:X or rel:X with X above 0, or pointwise:X with X between 0 and 1, such as abs:1e-3";

    /// <summary>What the bound is measured by.</summary>
    public ErrorBoundMode Mode { get; }

    /// <summary>The bound.</summary>
    public double Value { get; }

    /// <summary>Reads <c>abs:1e-3</c>, <c>rel:1e-3</c> or <c>pointwise:1e-2</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Null where it is none of these.</returns>
    public static ErrorBound? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach ((string word, ErrorBoundMode mode) in Modes)
        {
            if (!text.StartsWith(word + ":", StringComparison.OrdinalIgnoreCase)) continue;
            const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
            bool isNumber = double.TryParse(text.AsSpan(word.Length + 1), Plain, CultureInfo.InvariantCulture, out double value);
            return isNumber && IsAllowed(mode, value) ? new ErrorBound(mode, value) : null;
        }

        return null;
    }

    /// <summary>The text that <see cref="Parse"/> reads back to the same bound.</summary>
    public override string ToString() => $"{Modes.First(entry => entry.Mode == Mode).Word}:{Value.ToString("R", CultureInfo.InvariantCulture)}";

    private static bool IsAllowed(ErrorBoundMode mode, double value) =>
        value > 0 && double.IsFinite(value) && Enum.IsDefined(mode) && (mode != ErrorBoundMode.Pointwise || value < 1);
}
