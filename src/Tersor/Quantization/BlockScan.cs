using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>
/// The order in which a tensor is coded (NNC implementer's text, section 9.1), one stretch at a time. A stretch is a block row, at whose end contexts
/// and neighbour restart, or the whole tensor where it is coded row by row. A stretch covers the same range of positions in either order.
/// </summary>
internal readonly struct BlockScan
{
    private readonly int _rowCount;
    private readonly int _rowLength;
    private readonly int _blockSize;

    public BlockScan(in LevelSyntax syntax)
    {
        _rowCount = syntax.RowCount;
        _rowLength = syntax.RowLength;
        _blockSize = syntax.BlockSize;
    }

    /// <summary>False where coding order is row-major order.</summary>
    public bool Reorders => _blockSize > 0;

    /// <summary>Number of stretches; 0 for an empty tensor.</summary>
    public int StretchCount => _rowCount == 0 || _rowLength == 0 ? 0 : Reorders ? (_rowCount + _blockSize - 1) / _blockSize : 1;

    /// <summary>The positions that stretch number <paramref name="stretch"/> covers.</summary>
    public Range this[int stretch] => Reorders
        ? (stretch * _blockSize * _rowLength)..(Math.Min(_rowCount, (stretch + 1) * _blockSize) * _rowLength)
        : 0..(_rowCount * _rowLength);

    /// <summary>Copies one stretch from row-major order to coding order.</summary>
    public void Gather<T>(ReadOnlySpan<T> rowMajor, Span<T> coded)
    {
        int rows = rowMajor.Length / _rowLength;
        for (int column = 0; column < _rowLength; column += _blockSize)
        {
            int width = Math.Min(_blockSize, _rowLength - column);
            for (int row = 0; row < rows; row++)
            {
                rowMajor.Slice((row * _rowLength) + column, width).CopyTo(coded);
                coded = coded[width..];
            }
        }
    }

    /// <summary>Copies one stretch from coding order to row-major order.</summary>
    public void Scatter<T>(ReadOnlySpan<T> coded, Span<T> rowMajor)
    {
        int rows = rowMajor.Length / _rowLength;
        for (int column = 0; column < _rowLength; column += _blockSize)
        {
            int width = Math.Min(_blockSize, _rowLength - column);
            for (int row = 0; row < rows; row++)
            {
                coded[..width].CopyTo(rowMajor[((row * _rowLength) + column)..]);
                coded = coded[width..];
            }
        }
    }
}
