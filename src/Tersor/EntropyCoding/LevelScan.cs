namespace Tersor.EntropyCoding;

/// <summary>
/// The runs of consecutive elements of a tensor in the order they are coded in (NNC implementer's text, section 9.1): whole rows, row parts inside blocks,
/// or everything at once where nothing happens in between.
/// </summary>
internal ref struct LevelScan
{
    private readonly ReadOnlySpan<byte> _skippedRows;
    private readonly int _rowCount;
    private readonly int _rowLength;
    private readonly int _blockHeight;
    private readonly int _blockWidth;
    private int _top;
    private int _left;
    private int _row;

    /// <summary>Stands before the first run.</summary>
    /// <param name="syntax">Gives matrix view and scan order.</param>
    /// <param name="skippedRows">1 per row that is skipped; empty where row skipping is off.</param>
    public LevelScan(scoped in LevelSyntax syntax, ReadOnlySpan<byte> skippedRows)
    {
        _skippedRows = skippedRows;
        bool inOneRun = syntax.BlockSize == 0 && skippedRows.IsEmpty;
        _rowCount = inOneRun ? 1 : syntax.RowCount;
        _rowLength = inOneRun ? syntax.ElementCount : syntax.RowLength;
        _blockHeight = syntax.BlockSize == 0 ? _rowCount : syntax.BlockSize;
        _blockWidth = syntax.BlockSize == 0 ? _rowLength : syntax.BlockSize;
        _row = -1;
    }

    /// <summary>Index of the run's first element.</summary>
    public int Start { get; private set; }

    /// <summary>Number of elements, at least 1.</summary>
    public int Length { get; private set; }

    /// <summary>Whether the run belongs to a skipped row: its levels are zero and not coded.</summary>
    public bool IsSkipped { get; private set; }

    /// <summary>Whether the run is the first of a block row other than the first.</summary>
    public bool EntersBlockRow { get; private set; }

    /// <summary>Goes on to the next run, if there is one.</summary>
    public bool MoveNext()
    {
        if (_rowLength == 0 || _rowCount == 0) return false;
        EntersBlockRow = false;
        if (++_row == Math.Min(_top + _blockHeight, _rowCount))
        {
            _left += _blockWidth;
            if (_left >= _rowLength)
            {
                if (_row == _rowCount) return false;
                _left = 0;
                _top = _row;
                EntersBlockRow = true;
            }

            _row = _top;
        }

        Start = (_row * _rowLength) + _left;
        Length = Math.Min(_blockWidth, _rowLength - _left);
        IsSkipped = !_skippedRows.IsEmpty && _skippedRows[_row] != 0;
        return true;
    }
}
