namespace Tersor.Engine.Kernels;

/// <summary>
/// How the rows of a product are cut into tiles of 12, 8 and 4: tall tiles first, and two tiles of 8 rather than one of 12 and
/// one of 4, because a tile of 4 rows waits for its loads. Only the last tile can hold rows beyond the end; they are zero.
/// </summary>
internal readonly struct RowTiles
{
    private readonly int _twelves;
    private readonly int _eights;
    private readonly int _fours;

    public RowTiles(int rows)
    {
        (_twelves, int rest) = Math.DivRem(rows, 12);
        switch (rest)
        {
            case 0:
                break;
            case <= 4 when _twelves > 0:
                _twelves--;
                _eights = 2;
                break;
            case <= 4:
                _fours = 1;
                break;
            case <= 8:
                _eights = 1;
                break;
            default:
                _twelves++;
                break;
        }
    }

    /// <summary>Tiles in all.</summary>
    public int Count => _twelves + _eights + _fours;

    /// <summary>Rows in all tiles, those beyond the end included.</summary>
    public int PaddedRows => 12 * _twelves + 8 * _eights + 4 * _fours;

    /// <summary>Rows of a tile.</summary>
    public int Height(int tile) => tile < _twelves ? 12 : tile < _twelves + _eights ? 8 : 4;

    /// <summary>The first row of a tile; for the tile after the last, <see cref="PaddedRows"/>.</summary>
    public int FirstRow(int tile)
    {
        int twelves = Math.Min(tile, _twelves);
        int eights = Math.Min(tile - twelves, _eights);
        return 12 * twelves + 8 * eights + 4 * (tile - twelves - eights);
    }
}
