namespace Tersor.Nnc;

/// <summary>What a unit of an NNC stream holds (<c>nnr_unit_type</c>). Other numbers are reserved; readers skip them by size.</summary>
public enum NncUnitType
{
    /// <summary>STR: opens the stream and states its profile.</summary>
    Start = 0,

    /// <summary>MPS: settings of the whole model.</summary>
    ModelParameterSet = 1,

    /// <summary>LPS: settings of the units that follow.</summary>
    LayerParameterSet = 2,

    /// <summary>TPL: the network without its weights, or a list of names.</summary>
    Topology = 3,

    /// <summary>QNT: quantization data of a foreign format; skipped.</summary>
    Quantization = 4,

    /// <summary>NDU: coded tensors.</summary>
    CompressedData = 5,

    /// <summary>AGG: units wrapped together; skipped.</summary>
    Aggregate = 6,
}
