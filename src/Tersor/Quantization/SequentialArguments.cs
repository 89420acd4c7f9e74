using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>The argument checks that the quantizers which follow the coding order share.</summary>
internal static class SequentialArguments
{
    public static void Check(
        ReadOnlySpan<float> weights, double step, in LevelSyntax syntax, double lambda, ReadOnlySpan<float> importance, ReadOnlySpan<int> levels)
    {
        UniformQuantizer.RequireSameLength(weights.Length, levels.Length, nameof(levels));
        syntax.Validate(weights.Length, 0, 0);
        if (!(lambda >= 0) || double.IsInfinity(lambda)) throw new ArgumentOutOfRangeException(nameof(lambda), "Lambda is finite and not negative.");
        LevelRange.Refuse(weights, step);
        if (!importance.IsEmpty) CheckImportance(weights.Length, importance);
    }

    /// <summary>Refuses importance that is not one finite number of at least 0 for each of <paramref name="count"/> weights.</summary>
    public static void CheckImportance(int count, ReadOnlySpan<float> importance)
    {
        if (Importance.Problem(importance, count) is { } problem) throw new ArgumentException(problem, nameof(importance));
    }
}
