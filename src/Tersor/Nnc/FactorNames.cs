namespace Tersor.Nnc;

/// <summary>How the factors of a decomposed weight are named after it.</summary>
internal static class FactorNames
{
    public const string Left = "_G";

    public const string Right = "_H";

    /// <summary>The weight's name without the ending of a factor; unchanged where it has none.</summary>
    public static string WeightOf(string factor) =>
        factor.EndsWith(Left, StringComparison.Ordinal) || factor.EndsWith(Right, StringComparison.Ordinal) ? factor[..^Left.Length] : factor;
}
