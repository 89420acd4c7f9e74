namespace Tersor.Engine.Kernels;

/// <summary>
/// The sizes of a convolution as ONNX <c>Conv</c> has them: input N x C x H x W, weight M x C / groups x kH x kW, output
/// N x M x oH x oW. A convolution over one dimension has height 1.
/// </summary>
public readonly record struct ConvolutionShape
{
    /// <summary>Takes the sizes and computes those of the output.</summary>
    /// <param name="batch">N: images, zero or more.</param>
    /// <param name="inputChannels">C.</param>
    /// <param name="inputHeight">H.</param>
    /// <param name="inputWidth">W.</param>
    /// <param name="outputChannels">M.</param>
    /// <param name="kernelHeight">Rows of the kernel.</param>
    /// <param name="kernelWidth">Columns of the kernel.</param>
    /// <param name="strideHeight">Input rows from one output row to the next.</param>
    /// <param name="strideWidth">Input columns from one output column to the next.</param>
    /// <param name="dilationHeight">Input rows from one kernel row to the next.</param>
    /// <param name="dilationWidth">Input columns from one kernel column to the next.</param>
    /// <param name="padTop">Rows of zeros above.</param>
    /// <param name="padLeft">Columns of zeros on the left.</param>
    /// <param name="padBottom">Rows of zeros below.</param>
    /// <param name="padRight">Columns of zeros on the right.</param>
    /// <param name="groups">Groups of channels that do not see each other.</param>
    /// <exception cref="ArgumentException">
    /// A size is out of range, the groups do not divide the channels, the kernel is larger than the padded image, or a tensor
    /// would have more than 2^31 - 1 elements.
    /// </exception>
    public ConvolutionShape(
        int batch,
        int inputChannels,
        int inputHeight,
        int inputWidth,
        int outputChannels,
        int kernelHeight,
        int kernelWidth,
        int strideHeight = 1,
        int strideWidth = 1,
        int dilationHeight = 1,
        int dilationWidth = 1,
        int padTop = 0,
        int padLeft = 0,
        int padBottom = 0,
        int padRight = 0,
        int groups = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputHeight);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        if (inputChannels % groups != 0 || outputChannels % groups != 0)
        {
            throw new ArgumentException($"{groups} groups do not divide {inputChannels} input and {outputChannels} output channels.", nameof(groups));
        }

        Batch = batch;
        InputChannels = inputChannels;
        InputHeight = inputHeight;
        InputWidth = inputWidth;
        OutputChannels = outputChannels;
        Groups = groups;
        Rows = new WindowAxis(inputHeight, kernelHeight, strideHeight, dilationHeight, padTop, padBottom);
        Columns = new WindowAxis(inputWidth, kernelWidth, strideWidth, dilationWidth, padLeft, padRight);
        RequireIndexable((long)inputChannels / groups * outputChannels, kernelHeight, kernelWidth, "weight");
        RequireIndexable((long)batch * inputChannels, inputHeight, inputWidth, "input");
        RequireIndexable((long)batch * outputChannels, Rows.OutputSize, Columns.OutputSize, "output");
    }

    /// <summary>N: images.</summary>
    public int Batch { get; }

    /// <summary>C: channels of the input, all groups together.</summary>
    public int InputChannels { get; }

    /// <summary>H.</summary>
    public int InputHeight { get; }

    /// <summary>W.</summary>
    public int InputWidth { get; }

    /// <summary>M: channels of the output, all groups together.</summary>
    public int OutputChannels { get; }

    /// <summary>Groups of channels that do not see each other.</summary>
    public int Groups { get; }

    /// <summary>Kernel, stride, dilation and padding along the height.</summary>
    public WindowAxis Rows { get; }

    /// <summary>Kernel, stride, dilation and padding along the width.</summary>
    public WindowAxis Columns { get; }

    /// <summary>Rows of the output.</summary>
    public int OutputHeight => Rows.OutputSize;

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => Columns.OutputSize;

    /// <summary>Elements of the input.</summary>
    public int InputLength => Batch * InputChannels * InputHeight * InputWidth;

    /// <summary>Elements of the output.</summary>
    public int OutputLength => Batch * OutputChannels * OutputHeight * OutputWidth;

    /// <summary>Elements of the weight.</summary>
    public int WeightLength => OutputChannels * (InputChannels / Groups) * Rows.KernelSize * Columns.KernelSize;

    /// <summary>Multiply-adds of the forward pass, those with padding included.</summary>
    public long MultiplyAdds => (long)OutputLength * (InputChannels / Groups) * Rows.KernelSize * Columns.KernelSize;

    private static void RequireIndexable(long count, long height, long width, string what)
    {
        // Each factor is below 2^31, and the product of the last two below 2^62.
        long area = height * width;
        if (area > int.MaxValue || (area > 0 && count > int.MaxValue / area))
        {
            throw new ArgumentException($"The {what} of this convolution would have more than {int.MaxValue} elements. Use a smaller batch.");
        }
    }
}
