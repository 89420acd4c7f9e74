namespace Tersor.Engine.Kernels;

/// <summary>The sizes of a pooling over planes (images times channels) of H x W values.</summary>
public readonly record struct PoolingShape
{
    /// <summary>Takes the sizes.</summary>
    /// <param name="planes">Images times channels, zero or more.</param>
    /// <param name="rows">Window along the height.</param>
    /// <param name="columns">Window along the width.</param>
    /// <param name="countPadding">Whether an average counts the padding (ONNX <c>count_include_pad</c>).</param>
    /// <exception cref="ArgumentException">The count is negative, or a tensor would have more than 2^31 - 1 elements.</exception>
    public PoolingShape(int planes, WindowAxis rows, WindowAxis columns, bool countPadding = false)
    {
        ReadOnlySpan<int> input = [planes, rows.InputSize, columns.InputSize];
        ReadOnlySpan<int> output = [planes, rows.OutputSize, columns.OutputSize];
        Planes = planes;
        Rows = rows;
        Columns = columns;
        CountPadding = countPadding;
        InputLength = ElementCount.Of(input);
        OutputLength = ElementCount.Of(output);
    }

    /// <summary>Images times channels.</summary>
    public int Planes { get; }

    /// <summary>Window along the height.</summary>
    public WindowAxis Rows { get; }

    /// <summary>Window along the width.</summary>
    public WindowAxis Columns { get; }

    /// <summary>Whether an average counts the padding.</summary>
    public bool CountPadding { get; }

    /// <summary>Elements of the input.</summary>
    public int InputLength { get; }

    /// <summary>Elements of the output.</summary>
    public int OutputLength { get; }

    internal int InputArea => Rows.InputSize * Columns.InputSize;

    internal int OutputArea => Rows.OutputSize * Columns.OutputSize;

    internal int PlanesPerTask => Math.Max(ElementRange.ElementsPerTask / Math.Max(InputArea, 1), 1);

    internal int Tasks => (Planes + PlanesPerTask - 1) / PlanesPerTask;

    /// <summary>Elements that an average at a place of the window counts along one axis.</summary>
    internal int Counted(WindowAxis axis, int place)
    {
        int start = place * axis.Stride - axis.PadBefore;
        int limit = CountPadding ? axis.InputSize + axis.PadAfter : axis.InputSize;
        int least = CountPadding ? -axis.PadBefore : 0;
        int count = 0;
        for (int k = 0; k < axis.KernelSize; k++)
        {
            int position = start + k * axis.Dilation;
            count += position >= least && position < limit ? 1 : 0;
        }

        return Math.Max(count, 1);
    }
}
