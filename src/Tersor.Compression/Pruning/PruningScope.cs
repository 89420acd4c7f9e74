namespace Tersor.Compression.Pruning;

/// <summary>How the share of zeros is divided among layers.</summary>
public enum PruningScope
{
    /// <summary>Each layer has the same share.</summary>
    Layer,

    /// <summary>The lowest scores of all layers, magnitudes divided by the root of their layer's mean square first (Han et al. 2015 prune below a multiple of it).</summary>
    Global,

    /// <summary>
    /// Erdős-Rényi kernels: a layer's density follows the sum of its dimensions over their product, so that small layers stay denser (Mocanu et al. 2018; Evci et al. 2020).
    /// </summary>
    ErdosRenyi,

    /// <summary>By a scan: each layer pruned alone by several shares, and the shares chosen that together cost the least loss.</summary>
    Sensitivity,
}
