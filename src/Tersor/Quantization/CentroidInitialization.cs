namespace Tersor.Quantization;

/// <summary>Where k-means starts from (Han et al., Deep Compression, ICLR 2016, section 3), or that it is solved exactly.</summary>
public enum CentroidInitialization
{
    /// <summary>Equal steps between the smallest and the largest value: keeps the rare large weights, the usual choice.</summary>
    Linear,

    /// <summary>Equal steps of probability: quantiles of the values.</summary>
    Density,

    /// <summary>Distinct values drawn at random from a seed (Forgy).</summary>
    Random,

    /// <summary>
    /// No start: the clustering of least squared error, by dynamic programming over the distinct values. Takes time in n log n and memory in n for each
    /// centroid, n being the number of distinct values.
    /// </summary>
    Optimal,
}
