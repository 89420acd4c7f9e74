namespace Tersor.Nnc.Syntax;

/// <summary>LPS (section 3.4): density and base QP for the compressed data units that follow. No public encoder writes one.</summary>
internal static class LayerParameterSet
{
    /// <summary>The defaults that the unit sets; null where it sets none.</summary>
    public static QuantizationDefaults? Read(ref BitReader reader)
    {
        reader.ReadBits(8);
        reader.ReadFlag();
        bool sparsification = reader.ReadFlag();
        bool pruning = reader.ReadFlag();
        bool unification = reader.ReadFlag();
        uint methods = reader.ReadBits(3);
        reader.ReadFlag();
        QuantizationDefaults? quantization = (methods & 3) != 0 ? QuantizationDefaults.Read(ref reader) : null;
        PerformanceMaps.Skip(ref reader, sparsification, pruning, unification, decomposition: false);
        reader.ReadAlignment();
        return quantization;
    }
}
