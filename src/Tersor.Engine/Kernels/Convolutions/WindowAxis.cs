namespace Tersor.Engine.Kernels;

/// <summary>A window that slides along one axis of an image: what convolution and pooling share.</summary>
public readonly record struct WindowAxis
{
    /// <summary>Takes the sizes and computes how often the window fits.</summary>
    /// <param name="inputSize">Elements along the axis.</param>
    /// <param name="kernelSize">Elements that the window reads.</param>
    /// <param name="stride">Elements from one place of the window to the next.</param>
    /// <param name="dilation">Elements from one that the window reads to the next.</param>
    /// <param name="padBefore">Elements added before the first.</param>
    /// <param name="padAfter">Elements added after the last.</param>
    /// <param name="roundUp">Whether a last window that passes the end counts (ONNX <c>ceil_mode</c>), as long as it starts before the padding after the last element.</param>
    /// <exception cref="ArgumentException">A size is out of range, or the window is larger than the padded axis.</exception>
    public WindowAxis(int inputSize, int kernelSize, int stride, int dilation, int padBefore, int padAfter, bool roundUp = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kernelSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stride);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dilation);
        ArgumentOutOfRangeException.ThrowIfNegative(padBefore);
        ArgumentOutOfRangeException.ThrowIfNegative(padAfter);
        long reach = (long)dilation * (kernelSize - 1) + 1;
        long room = (long)inputSize + padBefore + padAfter - reach;
        if (room < 0)
        {
            throw new ArgumentException(
                $"A kernel of {kernelSize} with dilation {dilation} reaches over {reach} elements; there are {inputSize} with {padBefore} + {padAfter} of padding.",
                nameof(kernelSize));
        }

        long outputSize = room / stride + 1;
        if (roundUp && room % stride != 0 && outputSize * stride < (long)inputSize + padBefore)
        {
            outputSize++;
        }

        if ((long)inputSize + padBefore + padAfter + stride > int.MaxValue)
        {
            throw new ArgumentException("The padded axis is longer than an index can count.", nameof(inputSize));
        }

        InputSize = inputSize;
        KernelSize = kernelSize;
        Stride = stride;
        Dilation = dilation;
        PadBefore = padBefore;
        PadAfter = padAfter;
        OutputSize = (int)outputSize;
    }

    /// <summary>For an axis that reads another's output: nothing is checked, and the padding may be negative.</summary>
    internal WindowAxis(int inputSize, int kernelSize, int dilation, int padBefore, int outputSize)
    {
        InputSize = inputSize;
        KernelSize = kernelSize;
        Stride = 1;
        Dilation = dilation;
        PadBefore = padBefore;
        PadAfter = 0;
        OutputSize = outputSize;
    }

    /// <summary>Elements along the axis.</summary>
    public int InputSize { get; }

    /// <summary>Elements that the window reads.</summary>
    public int KernelSize { get; }

    /// <summary>Elements from one place of the window to the next.</summary>
    public int Stride { get; }

    /// <summary>Elements from one that the window reads to the next.</summary>
    public int Dilation { get; }

    /// <summary>Elements added before the first.</summary>
    public int PadBefore { get; }

    /// <summary>Elements added after the last.</summary>
    public int PadAfter { get; }

    /// <summary>Places of the window.</summary>
    public int OutputSize { get; }

    /// <summary>Whether every output element is the input element at its own place.</summary>
    internal bool IsIdentity => KernelSize == 1 && Stride == 1 && PadBefore == 0 && OutputSize == InputSize;
}
