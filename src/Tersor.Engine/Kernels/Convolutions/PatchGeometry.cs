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

    /// <summary>Writes the whole patch matrix, padding as zeros.</summary>
    /// <param name="image">The channels of the group, one after the other.</param>
    /// <param name="patches">Receives <see cref="Depth"/> rows of <see cref="Area"/> values.</param>
    /// <param name="stride">Values from one row to the next.</param>
    public void Write(ReadOnlySpan<float> image, Span<float> patches, int stride)
    {
        int perChannel = rows.KernelSize * columns.KernelSize * stride;
        for (int channel = 0; channel < channels; channel++) WriteChannel(image.Slice(channel * InputArea, InputArea), patches[(channel * perChannel)..], stride);
    }

    /// <summary>Writes the rows of the patch matrix that one channel makes.</summary>
    /// <param name="plane">The channel.</param>
    /// <param name="patches">Receives a row of <see cref="Area"/> values for each kernel position.</param>
    /// <param name="stride">Values from one row to the next.</param>
    public void WriteChannel(ReadOnlySpan<float> plane, Span<float> patches, int stride)
    {
        int at = 0;
        for (int row = 0; row < rows.KernelSize; row++)
        {
            for (int column = 0; column < columns.KernelSize; column++, at += stride) WritePosition(plane, row, column, patches.Slice(at, Area));
        }
    }

    // What one position of the kernel sees from all places.
    private void WritePosition(ReadOnlySpan<float> plane, int kernelRow, int kernelColumn, Span<float> values)
    {
        for (int y = 0; y < rows.OutputSize; y++)
        {
            Span<float> line = values.Slice(y * columns.OutputSize, columns.OutputSize);
            int inputRow = (y * rows.Stride) + (kernelRow * rows.Dilation) - rows.PadBefore;
            if ((uint)inputRow >= (uint)rows.InputSize)
            {
                line.Clear();
                continue;
            }

            ReadOnlySpan<float> source = plane.Slice(inputRow * columns.InputSize, columns.InputSize);
            int inputColumn = (kernelColumn * columns.Dilation) - columns.PadBefore;
            if (columns.Stride == 1)
            {
                CopyLine(source, inputColumn, line);
                continue;
            }

            for (int x = 0; x < line.Length; x++, inputColumn += columns.Stride)
                line[x] = (uint)inputColumn < (uint)source.Length ? source[inputColumn] : 0;
        }
    }

    // A line that begins before the source or ends behind it sees zeros there.
    private static void CopyLine(ReadOnlySpan<float> source, int start, Span<float> line)
    {
        int before = Math.Clamp(-start, 0, line.Length);
        int end = Math.Clamp(source.Length - start, before, line.Length);
        line[..before].Clear();
        if (end > before) source.Slice(start + before, end - before).CopyTo(line[before..]);
        line[end..].Clear();
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
