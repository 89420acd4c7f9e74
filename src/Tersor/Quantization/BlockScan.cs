using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>
/// The order in which a tensor is coded (NNC implementer's text, section 9.1), one stretch at a time. A stretch is a block row, at whose end contexts
/// and neighbour restart, or a run of weights where the tensor is coded row by row. A stretch covers the same range of positions in either order.
/// </summary>
/// <remarks>
/// Stretches are grouped to segments of about a million weights, which can be quantized side by side. They depend on the tensor alone, so that the levels do
/// not depend on the number of threads. Where contexts do not restart, a segment begins with a run-up over weights before it, which bring contexts and
/// path costs about to where they would have been.
/// </remarks>
internal readonly struct BlockScan
{
    /// <summary>Weights of a segment; of several block rows or one longer one where the scan has blocks.</summary>
    public const int SegmentLength = 1 << 20;

    /// <summary>Weights of a run-up: contexts learn within hundreds of bins, survivors of a trellis meet within tens of weights.</summary>
    public const int RunUpLength = 1 << 14;

    private readonly int _rowLength;
    private readonly int _elementCount;
    private readonly int _blockSize;
    private readonly int _stretchLength;
    private readonly int _stretchesPerSegment;

    /// <summary>The order of a tensor.</summary>
    /// <param name="syntax">Gives matrix view and scan order.</param>
    /// <param name="segmentLength">Weights of a segment at least; the default but in tests.</param>
    public BlockScan(in LevelSyntax syntax, int segmentLength = SegmentLength)
    {
        _rowLength = syntax.RowLength;
        _elementCount = syntax.ElementCount;
        _blockSize = syntax.BlockSize;
        _stretchLength = Reorders ? (int)Math.Min(_elementCount, (long)_blockSize * _rowLength) : segmentLength;
        _stretchesPerSegment = Math.Max(1, segmentLength / Math.Max(1, _stretchLength));
    }

    /// <summary>False where coding order is row-major order.</summary>
    public bool Reorders => _blockSize > 0;

    /// <summary>Weights of all stretches but the last.</summary>
    public int StretchLength => _stretchLength;

    /// <summary>Number of segments; 0 for an empty tensor.</summary>
    public int SegmentCount => (StretchCount + _stretchesPerSegment - 1) / _stretchesPerSegment;

    /// <summary>Number of stretches; 0 for an empty tensor.</summary>
    public int StretchCount => _elementCount == 0 ? 0 : ((_elementCount - 1) / _stretchLength) + 1;

    /// <summary>The positions that stretch number <paramref name="stretch"/> covers.</summary>
    public Range this[int stretch] => (stretch * _stretchLength)..(int)Math.Min(_elementCount, (stretch + 1L) * _stretchLength);

    /// <summary>The stretches of a segment: the first, and the one behind the last.</summary>
    public (int First, int End) StretchesOf(int segment) =>
        (segment * _stretchesPerSegment, (int)Math.Min(StretchCount, (segment + 1L) * _stretchesPerSegment));

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
