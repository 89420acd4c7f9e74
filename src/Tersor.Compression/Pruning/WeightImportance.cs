namespace Tersor.Compression.Pruning;

/// <summary>What says how much a weight matters. With g the gradient of the loss of one sample.</summary>
public enum WeightImportance
{
    /// <summary><c>|w|</c>: no data; a strong baseline (Han et al. 2015).</summary>
    Magnitude,

    /// <summary><c>F w^2</c>, F the Fisher information: the objective of rate-distortion theory, and Optimal Brain Damage with F for the second derivative.</summary>
    Fisher,

    /// <summary><c>|E[g] w|</c>: gradient times weight (SNIP of Lee et al. 2019, and the first-order Taylor expansion).</summary>
    Gradient,

    /// <summary><c>E[(g w)^2]</c> (Molchanov et al. 2019).</summary>
    Taylor,

    /// <summary><c>E[g^2]</c>: importance over a life of tasks, by the labels (Elastic Weight Consolidation, Kirkpatrick et al. 2017).</summary>
    Lifelong,

    /// <summary><c>E |d ||f(x)||^2 / dw|</c>: the same without labels (Memory Aware Synapses, Aljundi et al. 2018).</summary>
    LifelongUnlabelled,

    /// <summary><c>sum over steps of -g dw / (dw_total^2 + 0.001)</c>: what the weight's moves in a training took off the loss (Synaptic Intelligence, Zenke et al. 2017); <see cref="PathIntegralParameter"/> collects it.</summary>
    LifelongPath,

    /// <summary>Chance: what every other must beat.</summary>
    Random,
}

/// <summary>The importances by the names that recipes know them by.</summary>
public static class WeightImportances
{
    /// <summary>Every importance, its name, and a line about it.</summary>
    public static IReadOnlyList<(string Name, WeightImportance Importance, string Description)> All { get; } =
    [
        ("magnitude", WeightImportance.Magnitude, "the size of the weight"),
        ("fisher", WeightImportance.Fisher, "Fisher information times the square of the weight: the objective of rate-distortion theory"),
        ("gradient", WeightImportance.Gradient, "the mean gradient times the weight"),
        ("taylor", WeightImportance.Taylor, "the mean square of gradient times weight"),
        ("lifelong", WeightImportance.Lifelong, "the mean square of the gradient (Elastic Weight Consolidation)"),
        ("lifelong-unlabelled", WeightImportance.LifelongUnlabelled, "how the size of the outputs follows the weight (Memory Aware Synapses)"),
        ("lifelong-path", WeightImportance.LifelongPath, "what the weight's moves in a training took off the loss (Synaptic Intelligence)"),
        ("random", WeightImportance.Random, "chance, as a baseline"),
    ];

    /// <summary>The name of an importance.</summary>
    public static string NameOf(WeightImportance importance) => All.First(entry => entry.Importance == importance).Name;
}
