namespace Tersor.Engine.Kernels;

/// <summary>How patches are read from one group of an image: what a convolution is, apart from batch and output channels.</summary>
internal readonly struct PatchGeometry(WindowAxis rows, WindowAxis columns, int channels)
{
    public WindowAxis Rows => rows;

    public WindowAxis Columns => columns;

    /// <summary>Input channels of one group.</summary>
    public int Channels => channels;

    /// <summary>Rows of the patch matrix: channels times kernel positions.</summary>
    public int Depth => channels * rows.KernelSize * columns.KernelSize;

    /// <summary>Columns of the patch matrix: output positions of one image.</summary>
    public int Area => rows.OutputSize * columns.OutputSize;

    /// <summary>Values of one channel of the input.</summary>
    public int InputArea => rows.InputSize * columns.InputSize;

    /// <summary>Whether the patch matrix is the image itself.</summary>
    public bool IsIdentity => rows.IsIdentity && columns.IsIdentity;

    /// <summary>Output rows of a slice that fits the second-level cache beside the packed operands; at least one.</summary>
    public int RowsPerSlice(int sliceChannels, int valuesWanted)
    {
        var all = new ImageSlice(rows, columns, rows.OutputSize);
        if (all.Length(sliceChannels) <= valuesWanted)
        {
            return rows.OutputSize;
        }

        long perOutputRow = (long)sliceChannels * all.OutputRowStep;
        long overlap = new ImageSlice(rows, columns, 1).Length(sliceChannels) - perOutputRow;
        return (int)Math.Clamp((valuesWanted - overlap) / perOutputRow, 1, rows.OutputSize);
    }

    /// <summary>Writes where each patch row begins in a slice.</summary>
    public unsafe void WriteOffsets(ImageSlice slice, int sliceChannels, int* offsets)
    {
        for (int channel = 0; channel < sliceChannels; channel++)
        {
            int start = checked((int)(channel * slice.ChannelLength));
            for (int row = 0; row < rows.KernelSize; row++)
            {
                for (int column = 0; column < columns.KernelSize; column++)
                {
                    *offsets++ = start + slice.Offset(row, column);
                }
            }
        }
    }
}
