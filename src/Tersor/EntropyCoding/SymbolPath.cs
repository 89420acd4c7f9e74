namespace Tersor.EntropyCoding;

/// <summary>What the symbols so far leave behind for the next one.</summary>
internal struct SymbolPath
{
    /// <summary>The symbol before; 0 at the start of a block row.</summary>
    public int Neighbour;

    /// <summary>State of the dependent quantizer; 0 without it.</summary>
    public int State;
}
