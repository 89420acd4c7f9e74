namespace Tersor.Engine.Kernels;

/// <summary>Softmax and its logarithm along one dimension, and their gradients.</summary>
/// <remarks>
/// A tensor is seen as outer x size x inner: <c>size</c> is the dimension that sums to one. The largest value is subtracted
/// first, so that nothing overflows.
/// </remarks>
public static unsafe class Softmax
{
    /// <summary><c>output = e^x / sum e^x</c>, or its logarithm. The output may be the memory of the input.</summary>
    /// <param name="logarithm">Whether the logarithm is wanted.</param>
    /// <param name="outer">Product of the dimensions before.</param>
    /// <param name="size">The dimension.</param>
    /// <param name="inner">Product of the dimensions after.</param>
    /// <param name="input">outer x size x inner values.</param>
    /// <param name="output">As many.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the sizes say.</exception>
    public static void Forward(bool logarithm, int outer, int size, int inner, ReadOnlySpan<float> input, Span<float> output, KernelThreads threads) =>
        Forward(VectorWidths.Widest, logarithm, outer, size, inner, input, output, threads);

    /// <summary>The gradient with respect to the input, from the output.</summary>
    /// <param name="logarithm">Whether the forward pass made the logarithm.</param>
    /// <param name="outer">Product of the dimensions before.</param>
    /// <param name="size">The dimension.</param>
    /// <param name="inner">Product of the dimensions after.</param>
    /// <param name="output">What the forward pass made.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to that.</param>
    /// <param name="inputGradient">That with respect to the input: written, or added to.</param>
    /// <param name="accumulate">Whether the gradient is added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the sizes say.</exception>
    public static void Backward(
        bool logarithm,
        int outer,
        int size,
        int inner,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        bool accumulate,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLengths(outer, size, inner, output.Length, outputGradient.Length, inputGradient.Length);
        fixed (float* pointerOutput = output, pointerGradient = outputGradient, pointerInput = inputGradient)
        {
            var job = new SoftmaxJob
            {
                Outer = outer,
                Size = size,
                Inner = inner,
                Input = pointerOutput,
                OutputGradient = pointerGradient,
                Output = pointerInput,
                Logarithm = logarithm,
                Accumulate = accumulate,
                Width = VectorWidths.Widest,
            };
            threads.Run(job.Tasks, ref job);
        }
    }

    internal static void Forward(
        VectorWidth width, bool logarithm, int outer, int size, int inner, ReadOnlySpan<float> input, Span<float> output, KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLengths(outer, size, inner, input.Length, output.Length, output.Length);
        fixed (float* pointerInput = input, pointerOutput = output)
        {
            var job = new SoftmaxJob
            {
                Outer = outer,
                Size = size,
                Inner = inner,
                Input = pointerInput,
                Output = pointerOutput,
                Logarithm = logarithm,
                Width = width,
            };
            threads.Run(job.Tasks, ref job);
        }
    }

    private static void RequireLengths(int outer, int size, int inner, int first, int second, int third)
    {
        ReadOnlySpan<int> shape = [outer, size, inner];
        int length = ElementCount.Of(shape);
        if (first != length || second != length || third != length)
        {
            throw new ArgumentException($"A softmax over {outer} x {size} x {inner} takes {length} values; {first}, {second} and {third} were given.");
        }
    }
}
