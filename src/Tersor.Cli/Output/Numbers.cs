using System.Globalization;

namespace Tersor.Cli.Output;

/// <summary>Measured numbers as the tables show them; culture never enters.</summary>
internal static class Numbers
{
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Without separators, as options take it.</summary>
    public static string Integer(int value) => value.ToString("D", CultureInfo.InvariantCulture);

    /// <summary>Decibels with two digits; <c>inf</c> where there is no error.</summary>
    public static string Decibel(double value) => NonFinite(value) ?? value.ToString("F2", CultureInfo.InvariantCulture);

    /// <summary>Four significant digits.</summary>
    public static string Short(double value) => NonFinite(value) ?? value.ToString("G4", CultureInfo.InvariantCulture);

    /// <summary>A fixed number of digits behind the point.</summary>
    public static string Fixed(double value, int digits) => NonFinite(value) ?? value.ToString("F" + Integer(digits), CultureInfo.InvariantCulture);

    /// <summary>A share of one as a percentage with one digit.</summary>
    public static string Percent(double share) => Percent(share, 1);

    /// <summary>A share of one as a percentage with a fixed number of digits behind the point.</summary>
    public static string Percent(double share, int digits) => NonFinite(share) ?? Fixed(share * 100, digits) + " %";

    /// <summary>A difference with its sign, of a fixed number of digits behind the point; none where there is no difference.</summary>
    public static string Signed(double difference, int digits)
    {
        string text = Fixed(difference, digits);
        return difference > 0 && !double.IsInfinity(difference) ? "+" + text : text;
    }

    private static string? NonFinite(double value) =>
        double.IsNaN(value) ? "-" : double.IsPositiveInfinity(value) ? "inf" : double.IsNegativeInfinity(value) ? "-inf" : null;
}
