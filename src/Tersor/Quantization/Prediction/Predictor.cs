namespace Tersor.Quantization.Prediction;

/// <summary>What a weight is predicted from before the rest is quantized. Weights are nearly white, so zero is nearly always smallest.</summary>
public enum Predictor
{
    /// <summary>Nothing: the weight itself is quantized.</summary>
    Zero,

    /// <summary>The neighbours before it along each of the last three axes, by inclusion and exclusion.</summary>
    Lorenzo,

    /// <summary>A plane through its block, fitted by least squares.</summary>
    Regression,

    /// <summary>Whichever of the others gives the smallest unit.</summary>
    Auto,
}

/// <summary>Names of <see cref="Predictor"/>.</summary>
public static class Predictors
{
    /// <summary>Every predictor with the name used in plans, options and tables.</summary>
    public static IReadOnlyList<(Predictor Predictor, string Name)> All { get; } =
        [(Predictor.Zero, "zero"), (Predictor.Lorenzo, "lorenzo"), (Predictor.Regression, "regression"), (Predictor.Auto, "auto")];

    /// <summary>The name used in plans, options and tables.</summary>
    public static string Name(this Predictor predictor) => All.First(entry => entry.Predictor == predictor).Name;
}
