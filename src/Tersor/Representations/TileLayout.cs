namespace Tersor.Representations;

/// <summary>
/// How an entry of a row fits 16 bits: its code in the low ones, its column within a tile in the others. The fewer values, the wider the tiles.
/// </summary>
internal readonly record struct TileLayout
{
    /// <summary>Different values that entries can have.</summary>
    public const int MaxEntryValues = 256;

    /// <summary>Chooses the layout of a matrix.</summary>
    /// <param name="columns">Its columns.</param>
    /// <param name="valueCount">Its different values, the most frequent one included.</param>
    public TileLayout(int columns, int valueCount)
    {
        int bits = 0;
        while (1 << bits < valueCount - 1) bits++;
        CodeBits = bits;
        TileCount = (columns + TileColumns - 1) / TileColumns;
    }

    /// <summary>Low bits that are the code of an entry, 0 to 8.</summary>
    public int CodeBits { get; }

    /// <summary>Columns of a tile, a power of two.</summary>
    public int TileColumns => 1 << (16 - CodeBits);

    /// <summary>Tiles of a row.</summary>
    public int TileCount { get; }
}
