namespace Tersor.Compression.Channels;

/// <summary>Which weights group lasso makes vanish together.</summary>
public enum LassoGroups
{
    /// <summary>All weights of a unit, in every layer that makes or reads it: what can be removed as a whole.</summary>
    Units,

    /// <summary>The weights of one filter or neuron, <c>W[n, :, :, :]</c>.</summary>
    Filters,

    /// <summary>The weights that read one input channel, <c>W[:, c, :, :]</c>.</summary>
    InputChannels,

    /// <summary>The weights at one place of all filters, <c>W[:, c, m, k]</c>: a column of the matrix that a convolution is computed as.</summary>
    Shapes,
}
