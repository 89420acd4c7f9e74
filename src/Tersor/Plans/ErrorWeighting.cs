namespace Tersor.Plans;

/// <summary>
/// What the error of a weight counts for when levels are chosen: the diagonal of the importance matrix of rate-distortion theory for networks (Gao et al. 2019, arXiv
/// 1810.06401), of which there is one for each measure of what is lost. All but <see cref="None"/> take statistics of data.
/// </summary>
public enum ErrorWeighting
{
    /// <summary>All errors of a tensor count alike.</summary>
    None,

    /// <summary>The Fisher information: how far the model's answers move, as Kullback-Leibler divergence. The classifier's rule; takes no labels.</summary>
    Fisher,

    /// <summary>Squared gradients of the loss on the data's own labels: the supervised rule.</summary>
    Empirical,

    /// <summary>Squared gradients of the outputs: how far they move as mean squared distance. The rule of regression.</summary>
    Outputs,
}

/// <summary>Names of <see cref="ErrorWeighting"/>.</summary>
public static class ErrorWeightings
{
    /// <summary>Every weighting with the name used in plans, options and tables.</summary>
    public static IReadOnlyList<(ErrorWeighting Weighting, string Name)> All { get; } =
        [(ErrorWeighting.None, "none"), (ErrorWeighting.Fisher, "fisher"), (ErrorWeighting.Empirical, "empirical"), (ErrorWeighting.Outputs, "outputs")];

    /// <summary>The name used in plans, options and tables.</summary>
    public static string Name(this ErrorWeighting weighting) => All.First(entry => entry.Weighting == weighting).Name;
}
