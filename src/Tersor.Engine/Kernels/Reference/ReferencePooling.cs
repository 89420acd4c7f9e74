namespace Tersor.Engine.Kernels;

/// <summary>Pooling over planes of H x W as its definition reads: the scalar twin of the fast kernels.</summary>
internal static class ReferencePooling
{
    /// <summary>The largest value of every window; a NaN wins.</summary>
    /// <param name="rows">The window along the height.</param>
    /// <param name="columns">The window along the width.</param>
    /// <param name="planes">Images times channels.</param>
    /// <param name="input">Planes x H x W.</param>
    /// <param name="output">Planes x oH x oW.</param>
    /// <param name="places">Index within its plane of the first value that is the largest, per output; may be empty.</param>
    public static void MaxForward(in WindowAxis rows, in WindowAxis columns, int planes, ReadOnlySpan<float> input, Span<float> output, Span<int> places)
    {
        int inputPlane = rows.InputSize * columns.InputSize;
        int at = 0;
        for (int plane = 0; plane < planes; plane++)
        {
            ReadOnlySpan<float> image = input.Slice(plane * inputPlane, inputPlane);
            for (int outputRow = 0; outputRow < rows.OutputSize; outputRow++)
            for (int outputColumn = 0; outputColumn < columns.OutputSize; outputColumn++, at++)
            {
                float largest = float.NegativeInfinity;
                int place = -1;
                for (int kernelRow = 0; kernelRow < rows.KernelSize; kernelRow++)
                {
                    int row = (outputRow * rows.Stride) - rows.PadBefore + (kernelRow * rows.Dilation);
                    if ((uint)row >= (uint)rows.InputSize) continue;
                    for (int kernelColumn = 0; kernelColumn < columns.KernelSize; kernelColumn++)
                    {
                        int column = (outputColumn * columns.Stride) - columns.PadBefore + (kernelColumn * columns.Dilation);
                        if ((uint)column >= (uint)columns.InputSize) continue;
                        float value = image[(row * columns.InputSize) + column];
                        if (place >= 0 && !(value > largest) && !float.IsNaN(value)) continue;
                        if (float.IsNaN(largest)) continue;
                        largest = value;
                        place = (row * columns.InputSize) + column;
                    }
                }

                output[at] = largest;
                if (!places.IsEmpty) places[at] = place;
            }
        }
    }

    /// <summary>Gives each output's gradient to the value that was the largest.</summary>
    public static void MaxBackward(in WindowAxis rows, in WindowAxis columns, int planes, ReadOnlySpan<int> places, ReadOnlySpan<float> outputGradient, Span<float> inputGradient)
    {
        int inputPlane = rows.InputSize * columns.InputSize;
        int outputPlane = rows.OutputSize * columns.OutputSize;
        inputGradient.Clear();
        for (int i = 0; i < planes * outputPlane; i++)
        {
            if (places[i] >= 0) inputGradient[(i / outputPlane * inputPlane) + places[i]] += outputGradient[i];
        }
    }

    /// <summary>The mean of every window, over what lies in the image or, with <paramref name="countPadding"/>, in the padded image.</summary>
    public static void AverageForward(in WindowAxis rows, in WindowAxis columns, bool countPadding, int planes, ReadOnlySpan<float> input, Span<float> output)
    {
        int inputPlane = rows.InputSize * columns.InputSize;
        int at = 0;
        for (int plane = 0; plane < planes; plane++)
        {
            ReadOnlySpan<float> image = input.Slice(plane * inputPlane, inputPlane);
            for (int outputRow = 0; outputRow < rows.OutputSize; outputRow++)
            for (int outputColumn = 0; outputColumn < columns.OutputSize; outputColumn++, at++)
            {
                float sum = 0;
                for (int kernelRow = 0; kernelRow < rows.KernelSize; kernelRow++)
                {
                    int row = (outputRow * rows.Stride) - rows.PadBefore + (kernelRow * rows.Dilation);
                    if ((uint)row >= (uint)rows.InputSize) continue;
                    for (int kernelColumn = 0; kernelColumn < columns.KernelSize; kernelColumn++)
                    {
                        int column = (outputColumn * columns.Stride) - columns.PadBefore + (kernelColumn * columns.Dilation);
                        if ((uint)column < (uint)columns.InputSize) sum += image[(row * columns.InputSize) + column];
                    }
                }

                output[at] = sum / (Counted(rows, outputRow, countPadding) * Counted(columns, outputColumn, countPadding));
            }
        }
    }

    /// <summary>Spreads each output's gradient evenly over its window.</summary>
    public static void AverageBackward(in WindowAxis rows, in WindowAxis columns, bool countPadding, int planes, ReadOnlySpan<float> outputGradient, Span<float> inputGradient)
    {
        int inputPlane = rows.InputSize * columns.InputSize;
        inputGradient.Clear();
        int at = 0;
        for (int plane = 0; plane < planes; plane++)
        {
            Span<float> image = inputGradient.Slice(plane * inputPlane, inputPlane);
            for (int outputRow = 0; outputRow < rows.OutputSize; outputRow++)
            for (int outputColumn = 0; outputColumn < columns.OutputSize; outputColumn++, at++)
            {
                float share = outputGradient[at] / (Counted(rows, outputRow, countPadding) * Counted(columns, outputColumn, countPadding));
                for (int kernelRow = 0; kernelRow < rows.KernelSize; kernelRow++)
                {
                    int row = (outputRow * rows.Stride) - rows.PadBefore + (kernelRow * rows.Dilation);
                    if ((uint)row >= (uint)rows.InputSize) continue;
                    for (int kernelColumn = 0; kernelColumn < columns.KernelSize; kernelColumn++)
                    {
                        int column = (outputColumn * columns.Stride) - columns.PadBefore + (kernelColumn * columns.Dilation);
                        if ((uint)column < (uint)columns.InputSize) image[(row * columns.InputSize) + column] += share;
                    }
                }
            }
        }
    }

    /// <summary>How many places of a window count: those in the image, or those in the padded image, which a rounded-up last window may leave.</summary>
    private static int Counted(in WindowAxis axis, int output, bool countPadding)
    {
        int start = (output * axis.Stride) - axis.PadBefore;
        (int low, int high) = countPadding ? (-axis.PadBefore, axis.InputSize + axis.PadAfter) : (0, axis.InputSize);
        int count = 0;
        for (int k = 0; k < axis.KernelSize; k++)
        {
            int place = start + (k * axis.Dilation);
            if (place >= low && place < high) count++;
        }

        return Math.Max(count, 1);
    }
}
