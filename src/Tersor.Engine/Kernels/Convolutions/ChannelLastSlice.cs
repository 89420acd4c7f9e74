namespace Tersor.Engine.Kernels;

/// <summary>
/// The part of an image that some rows of a convolution's output read, with its padding, and with the channels of a place side by side: what a kernel row meets at
/// an output position is then contiguous, over its columns and channels.
/// </summary>
/// <remarks>1. Row by row, from the first that the first output row reads; 2. column by column; 3. channel by channel.</remarks>
internal readonly struct ChannelLastSlice
{
    // A vector may be read at the last value.
    private const int Slack = 16;

    private readonly WindowAxis _rows;
    private readonly WindowAxis _columns;
    private readonly int _channels;

    public ChannelLastSlice(WindowAxis rows, WindowAxis columns, int channels, int outputRows)
    {
        _rows = rows;
        _columns = columns;
        _channels = channels;
        RowCount = (outputRows - 1) * rows.Stride + (rows.KernelSize - 1) * rows.Dilation + 1;
        ColumnCount = (columns.OutputSize - 1) * columns.Stride + (columns.KernelSize - 1) * columns.Dilation + 1;
    }

    /// <summary>Rows of the image that are read, those of padding included.</summary>
    public int RowCount { get; }

    /// <summary>Columns of the image that are read, those of padding included.</summary>
    public int ColumnCount { get; }

    /// <summary>Values of one slice.</summary>
    public int ValueCount => RowCount * ColumnCount * _channels;

    /// <summary>Values of scratch for some slices one after another.</summary>
    public long Length(int slices) => (long)slices * ValueCount + Slack;

    /// <summary>Where the first channel of a place stands.</summary>
    /// <param name="row">Row of the slice.</param>
    /// <param name="column">Column of the slice.</param>
    public int Offset(int row, int column) => (row * ColumnCount + column) * _channels;

    /// <summary>
    /// Copies <paramref name="channels"/> channels of one image for the output rows from <paramref name="firstOutputRow"/>, with zeros outside it and for channels
    /// that are not there.
    /// </summary>
    public unsafe void Fill(float* image, int channels, int firstOutputRow, float* slice)
    {
        int firstRow = firstOutputRow * _rows.Stride - _rows.PadBefore;
        int before = Math.Clamp(_columns.PadBefore, 0, ColumnCount);
        int count = Math.Clamp(_columns.InputSize, 0, ColumnCount - before);
        nint area = (nint)_rows.InputSize * _columns.InputSize;
        for (int row = 0; row < RowCount; row++)
        {
            float* line = slice + Offset(row, 0);
            int source = firstRow + row;
            if ((uint)source >= (uint)_rows.InputSize)
            {
                new Span<float>(line, ColumnCount * _channels).Clear();
                continue;
            }

            new Span<float>(line, before * _channels).Clear();
            Interleave.Rows(image + source * (nint)_columns.InputSize, area, channels, _channels, count, 1f, line + before * _channels);
            new Span<float>(line + (before + count) * _channels, (ColumnCount - before - count) * _channels).Clear();
        }
    }
}
