namespace Tersor.Compression.Sensitivity;

/// <summary>Over which answers the squared gradients of the log-likelihood are averaged.</summary>
public enum FisherLabels
{
    /// <summary>Those that the model itself expects: the Fisher information, which predicts how far the model's answers move.</summary>
    OfModel,

    /// <summary>The labels or targets of the data: the empirical Fisher information. Biased where the model fits its data well.</summary>
    OfData,

    /// <summary>None: the squared gradients of the outputs themselves (the logits, where they are probabilities), which predict the mean squared distance by which they move.</summary>
    OfOutputs,
}

/// <summary>How Fisher information is estimated.</summary>
public sealed record FisherOptions
{
    /// <summary>Over which answers gradients are averaged.</summary>
    public FisherLabels Labels { get; init; } = FisherLabels.OfModel;

    /// <summary>Samples used, drawn by the seed; all where there are fewer.</summary>
    public int Samples { get; init; } = 4096;

    /// <summary>
    /// Samples per pass. Any number gives the right expectation; small ones less variance at the same number of samples, large ones less time.
    /// </summary>
    public int Batch { get; init; } = 8;

    /// <summary>Decides which samples and which signs.</summary>
    public ulong Seed { get; init; }

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Samples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Batch, 1);
    }
}
