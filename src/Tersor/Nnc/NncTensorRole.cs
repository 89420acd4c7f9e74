namespace Tersor.Nnc;

/// <summary>What a tensor is within its unit.</summary>
public enum NncTensorRole
{
    /// <summary>The tensor itself; in a block the layer's weight.</summary>
    Weight,

    /// <summary>G, the left factor of a decomposed weight.</summary>
    LeftFactor,

    /// <summary>H, the right factor of a decomposed weight.</summary>
    RightFactor,

    /// <summary>LS: one factor per row of the weight.</summary>
    LocalScaling,

    /// <summary>Batch norm, beta.</summary>
    BatchNormBeta,

    /// <summary>Batch norm, gamma.</summary>
    BatchNormGamma,

    /// <summary>Batch norm, running mean.</summary>
    BatchNormMean,

    /// <summary>Batch norm, running variance.</summary>
    BatchNormVariance,

    /// <summary>The layer's bias.</summary>
    Bias,
}
