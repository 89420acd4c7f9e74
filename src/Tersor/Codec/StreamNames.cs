using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Tersor.Models;
using Tersor.Nnc.Syntax;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;

namespace Tersor.Codec;

/// <summary>
/// The naming convention for what the units of the standard cannot say (docs/nnc-files.md): shared values as index and table, and bytes of other element types.
/// Readers that do not know it see ordinary tensors.
/// </summary>
internal static class StreamNames
{
    /// <summary>Ends the name of a tensor of indices into a table of shared values.</summary>
    public const string Index = "@index";

    /// <summary>The same with the first two dimensions exchanged.</summary>
    public const string SwappedIndex = "@index:swapped";

    /// <summary>The tables of all index tensors of the stream, in their order.</summary>
    public const string Tables = "@tables";

    /// <summary>The integers of the planes that belong to a tensor of the ending of <see cref="Predictor.Regression"/>.</summary>
    public const string Planes = "@regression:planes";

    private const string Scaling = "@scaling";
    private const string Lorenzo = "@lorenzo";
    private const string Regression = "@regression";

    private const string Bits = "@bits:";

    private const string Grid = "@log:";

    // Digits enough to lose nothing that counts, and few enough for a name.
    private const string GridFormat = "G7";

    /// <summary>The name under which the bytes of <paramref name="tensor"/> travel as 32-bit words.</summary>
    public static string OfBits(Tensor tensor) => $"{tensor.Name}{Bits}{tensor.ElementType.Name()}:{tensor.Shape}";

    /// <summary>The name of the factors of a tensor's rows, which travel in its unit.</summary>
    public static string ScalingOf(string name) => name + Scaling;

    /// <summary>What keeps the tensor's name, with the longest ending that it may get, out of a stream; null where nothing does.</summary>
    public static string? Obstacle(Tensor tensor)
    {
        if (tensor.Name.Contains('\0', StringComparison.Ordinal)) return "its name holds a zero byte, which ends a name in the stream; rename it";
        string longest = tensor.ElementType == ElementType.Float32 ? tensor.Name + Planes : OfBits(tensor);
        try
        {
            return BitReader.StrictUtf8.GetByteCount(longest) > BitReader.MaxStringBytes ? $"its name takes more than the {BitReader.MaxStringBytes} bytes that a stream has for it; shorten it" : null;
        }
        catch (EncoderFallbackException)
        {
            return "its name holds half a surrogate pair and has no UTF-8 form; rename it";
        }
    }

    /// <summary>Whether a model's own name would be taken for one of ours.</summary>
    public static bool IsReserved(string name) =>
        name == Tables || TryParseIndex(name, out _, out _) || TryParseBits(name, out _, out _, out _) || TryParseGrid(name, out _, out _, out _)
        || name.EndsWith(Scaling, StringComparison.Ordinal) || TryParsePredicted(name, out _, out _) || TryParsePlanes(name, out _);

    /// <summary>Takes the name of the planes of a tensor apart; false where it is none.</summary>
    public static bool TryParsePlanes(string name, [NotNullWhen(true)] out string? tensorName)
    {
        tensorName = name.EndsWith(Planes, StringComparison.Ordinal) ? name[..^Planes.Length] : null;
        return tensorName is not null;
    }

    /// <summary>The name of what a predictor leaves of a tensor.</summary>
    public static string OfPredicted(string tensorName, Predictor predictor) => tensorName + (predictor == Predictor.Lorenzo ? Lorenzo : Regression);

    /// <summary>Takes the name of what a predictor leaves apart; false where it is none.</summary>
    public static bool TryParsePredicted(string name, [NotNullWhen(true)] out string? tensorName, out Predictor predictor)
    {
        (tensorName, predictor) = name.EndsWith(Lorenzo, StringComparison.Ordinal) ? (name[..^Lorenzo.Length], Predictor.Lorenzo)
            : name.EndsWith(Regression, StringComparison.Ordinal) ? (name[..^Regression.Length], Predictor.Regression)
            : (null, Predictor.Zero);
        return tensorName is not null;
    }

    /// <summary>The name of levels on a logarithmic grid, and that grid.</summary>
    /// <param name="tensorName">Name of the tensor.</param>
    /// <param name="widest">The largest tolerance that the grid may have; the name says seven digits of it.</param>
    /// <param name="largest">The largest magnitude of the tensor.</param>
    /// <param name="name">The name.</param>
    /// <param name="grid">The grid that the name stands for.</param>
    /// <returns>False where there is no grid so fine, or the name is too long for a stream.</returns>
    public static bool TryNameGrid(
        string tensorName, double widest, float largest, [NotNullWhen(true)] out string? name, [NotNullWhen(true)] out LogarithmicGrid? grid)
    {
        (name, grid) = (null, null);
        if (!LogarithmicGrid.IsTolerance(widest)) return false;
        string digits = (widest * (1 - 1e-6)).ToString(GridFormat, CultureInfo.InvariantCulture);
        double tolerance = double.Parse(digits, CultureInfo.InvariantCulture);
        if (!LogarithmicGrid.IsTolerance(tolerance)) return false;
        float top = LogarithmicGrid.TopFor(largest, tolerance);
        if (!LogarithmicGrid.IsTop(top)) return false;
        name = $"{tensorName}{Grid}{digits}:{top.ToString("R", CultureInfo.InvariantCulture)}";
        grid = new LogarithmicGrid(tolerance, top);
        return BitReader.StrictUtf8.GetByteCount(name) <= BitReader.MaxStringBytes;
    }

    /// <summary>Takes the name of levels on a logarithmic grid apart; false where it is none.</summary>
    public static bool TryParseGrid(string name, [NotNullWhen(true)] out string? tensorName, out double tolerance, out float top)
    {
        (tensorName, tolerance, top) = (null, 0, 0);
        int at = name.LastIndexOf(Grid, StringComparison.Ordinal);
        if (at < 0) return false;
        ReadOnlySpan<char> rest = name.AsSpan(at + Grid.Length);
        int colon = rest.IndexOf(':');
        const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (colon < 0
            || !double.TryParse(rest[..colon], Plain, CultureInfo.InvariantCulture, out tolerance)
            || !float.TryParse(rest[(colon + 1)..], Plain, CultureInfo.InvariantCulture, out top)
            || !LogarithmicGrid.IsTolerance(tolerance) || !LogarithmicGrid.IsTop(top)) return false;
        tensorName = name[..at];
        return true;
    }

    /// <summary>Takes the name of an index tensor apart; false where it is none.</summary>
    public static bool TryParseIndex(string name, [NotNullWhen(true)] out string? tensorName, out bool isSwapped)
    {
        isSwapped = name.EndsWith(SwappedIndex, StringComparison.Ordinal);
        tensorName = isSwapped ? name[..^SwappedIndex.Length] : name.EndsWith(Index, StringComparison.Ordinal) ? name[..^Index.Length] : null;
        return tensorName is not null;
    }

    /// <summary>Takes the name of a bytes tensor apart; false where it is none.</summary>
    public static bool TryParseBits(string name, [NotNullWhen(true)] out string? tensorName, out ElementType type, out TensorShape shape)
    {
        (tensorName, type, shape) = (null, default, default);
        int at = name.LastIndexOf(Bits, StringComparison.Ordinal);
        if (at < 0) return false;
        ReadOnlySpan<char> rest = name.AsSpan(at + Bits.Length);
        int colon = rest.IndexOf(':');
        if (colon < 0) return false;
        type = ElementType.Undefined;
        foreach (ElementType candidate in ElementTypes.All)
        {
            if (candidate.BitWidth() > 0 && rest[..colon].SequenceEqual(candidate.Name())) type = candidate;
        }

        if (type == ElementType.Undefined || !TryParseShape(rest[(colon + 1)..], out shape)) return false;
        tensorName = name[..at];
        return true;
    }

    private static bool TryParseShape(ReadOnlySpan<char> text, out TensorShape shape)
    {
        shape = default;
        if (text is "scalar") return true;
        List<long> dimensions = [];
        foreach (Range part in text.Split('x'))
        {
            if (dimensions.Count == 64 || !long.TryParse(text[part], NumberStyles.None, CultureInfo.InvariantCulture, out long dimension)) return false;
            dimensions.Add(dimension);
        }

        long[] array = [.. dimensions];
        if (!TensorShape.TryCountElements(array, out long count) || count > long.MaxValue / 256) return false;
        shape = new TensorShape(array);
        return true;
    }
}
