namespace Tersor.Engine.Kernels;

/// <summary>
/// Convolution of images, N x C x H x W, with groups, strides, dilation and any padding, and its gradients. Results do not
/// depend on the number of threads.
/// </summary>
/// <remarks>
/// The forward pass is a product of the weights with patches of the image, which are copied panel by panel into the cache. A
/// kernel of one element multiplies the image as it stands; one input channel per group is computed directly.
/// </remarks>
public static unsafe partial class Convolution
{
    /// <summary><c>output = activation(weight * input + bias + residual)</c>.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="input">N x C x H x W.</param>
    /// <param name="weight">M x C / groups x kH x kW.</param>
    /// <param name="bias">M values, or empty.</param>
    /// <param name="residual">N x M x oH x oW values to add before the activation, or empty.</param>
    /// <param name="activation">Applied as results are written.</param>
    /// <param name="output">N x M x oH x oW; must not overlap the others.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the shape says.</exception>
    public static void Forward(
        in ConvolutionShape shape,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        ReadOnlySpan<float> residual,
        Activation activation,
        Span<float> output,
        KernelThreads threads) => Forward(VectorWidths.Widest, shape, input, weight, bias, residual, activation, output, threads);

    internal static void Forward(
        VectorWidth width,
        in ConvolutionShape shape,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        ReadOnlySpan<float> residual,
        Activation activation,
        Span<float> output,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLength(input.Length, shape.InputLength, nameof(input));
        RequireLength(weight.Length, shape.WeightLength, nameof(weight));
        RequireLength(output.Length, shape.OutputLength, nameof(output));
        if (bias.Length != 0)
        {
            RequireLength(bias.Length, shape.OutputChannels, nameof(bias));
        }

        if (residual.Length != 0)
        {
            RequireLength(residual.Length, shape.OutputLength, nameof(residual));
        }

        fixed (float* pointerInput = input, pointerWeight = weight, pointerBias = bias, pointerResidual = residual, pointerOutput = output)
        {
            PatchGeometry geometry = Geometry(shape);
            if (shape.Groups == shape.InputChannels && shape.Groups > 1)
            {
                RunDepthwise(
                    width,
                    geometry,
                    shape.Batch,
                    shape.InputChannels,
                    shape.OutputChannels / shape.InputChannels,
                    pointerInput,
                    pointerWeight,
                    pointerOutput,
                    threads,
                    pointerBias,
                    pointerResidual,
                    activation);
                return;
            }

            var product = new PatchProduct
            {
                Geometry = geometry,
                Batch = shape.Batch,
                Groups = shape.Groups,
                OutputChannels = shape.OutputChannels / shape.Groups,
                Input = pointerInput,
                Output = pointerOutput,
                Bias = pointerBias,
                Residual = pointerResidual,
                Activation = activation,
                Width = width,
            };
            product.Run(pointerWeight, threads);
        }
    }

    private static void RunDepthwise(
        VectorWidth width,
        PatchGeometry geometry,
        int batch,
        int channels,
        int multiplier,
        float* input,
        float* weight,
        float* output,
        KernelThreads threads,
        float* bias = null,
        float* residual = null,
        Activation activation = default)
    {
        int* offsets = (int*)threads.CallerScratch.Reserve(ScratchUse.Offsets, geometry.Depth);
        geometry.WriteOffsets(new ImageSlice(geometry.Rows, geometry.Columns, geometry.Rows.OutputSize), 1, offsets);
        var job = new DepthwiseForwardJob
        {
            Geometry = geometry,
            Channels = channels,
            Multiplier = multiplier,
            Input = input,
            Weight = weight,
            Bias = bias,
            Residual = residual,
            Output = output,
            Offsets = offsets,
            Activation = activation,
            Width = width,
        };
        threads.Run(batch * channels, ref job);
    }

    private static PatchGeometry Geometry(in ConvolutionShape shape) => new(shape.Rows, shape.Columns, shape.InputChannels / shape.Groups);

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"The shape of this convolution needs {expected} values here; {length} were given.", name);
        }
    }
}
