namespace Tersor.Engine.Kernels;

/// <content>Gradients.</content>
/// <remarks>
/// With stride 1 the gradient of the input is itself a convolution, of the output's gradient with the kernel turned round. With
/// other strides, and where that would mostly multiply padding, products are made channel block by channel block and added
/// where they came from. The gradient of the weight is a product of the output's gradient with what the kernel meets, whose depth
/// are the positions of all images.
/// </remarks>
public static unsafe partial class Convolution
{
    /// <summary>The gradient of a loss with respect to the input, given that with respect to the output (before any activation).</summary>
    /// <remarks>This is also the forward pass of ONNX <c>ConvTranspose</c>, with the shape of the convolution that it transposes.</remarks>
    /// <param name="shape">The sizes of the forward pass.</param>
    /// <param name="weight">M x C / groups x kH x kW.</param>
    /// <param name="outputGradient">N x M x oH x oW.</param>
    /// <param name="inputGradient">N x C x H x W: written, or added to.</param>
    /// <param name="accumulate">Whether the gradient is added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the shape says.</exception>
    public static void BackwardInput(
        in ConvolutionShape shape,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        bool accumulate,
        KernelThreads threads) => BackwardInput(VectorWidths.Widest, shape, weight, outputGradient, inputGradient, accumulate, threads);

    /// <summary>The gradient of a loss with respect to the weight.</summary>
    /// <param name="shape">The sizes of the forward pass.</param>
    /// <param name="input">N x C x H x W.</param>
    /// <param name="outputGradient">N x M x oH x oW.</param>
    /// <param name="weightGradient">M x C / groups x kH x kW: written, or added to.</param>
    /// <param name="accumulate">Whether the gradient is added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the shape says.</exception>
    public static void BackwardWeight(
        in ConvolutionShape shape,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> outputGradient,
        Span<float> weightGradient,
        bool accumulate,
        KernelThreads threads) => BackwardWeight(VectorWidths.Widest, shape, input, outputGradient, weightGradient, accumulate, threads);

    /// <summary>The gradient of a loss with respect to the bias: the sum over images and positions, channel by channel.</summary>
    /// <param name="shape">The sizes of the forward pass.</param>
    /// <param name="outputGradient">N x M x oH x oW.</param>
    /// <param name="biasGradient">M values: written, or added to.</param>
    /// <param name="accumulate">Whether the gradient is added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the shape says.</exception>
    public static void BackwardBias(
        in ConvolutionShape shape, ReadOnlySpan<float> outputGradient, Span<float> biasGradient, bool accumulate, KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLength(outputGradient.Length, shape.OutputLength, nameof(outputGradient));
        RequireLength(biasGradient.Length, shape.OutputChannels, nameof(biasGradient));
        fixed (float* pointerOutput = outputGradient, pointerBias = biasGradient)
        {
            var job = new ChannelSumJob
            {
                Batch = shape.Batch,
                Channels = shape.OutputChannels,
                Area = shape.OutputHeight * shape.OutputWidth,
                Values = pointerOutput,
                Sums = pointerBias,
                Accumulate = accumulate,
            };
            threads.Run(shape.OutputChannels, ref job);
        }
    }

    internal static void BackwardInput(
        VectorWidth width,
        in ConvolutionShape shape,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        bool accumulate,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLength(inputGradient.Length, shape.InputLength, nameof(inputGradient));
        RequireLength(weight.Length, shape.WeightLength, nameof(weight));
        RequireLength(outputGradient.Length, shape.OutputLength, nameof(outputGradient));
        fixed (float* pointerInput = inputGradient, pointerWeight = weight, pointerOutput = outputGradient)
        {
            bool dense = shape.Rows.Stride == 1 && shape.Columns.Stride == 1;
            long inputArea = (long)shape.InputHeight * shape.InputWidth;
            long outputArea = (long)shape.OutputHeight * shape.OutputWidth;
            if (dense && 2 * inputArea <= 3 * outputArea)
            {
                var reverse = new PatchGeometry(Reverse(shape.Rows), Reverse(shape.Columns), shape.OutputChannels / shape.Groups);
                float* turned = threads.CallerScratch.Reserve(ScratchUse.Reordered, shape.WeightLength);
                TurnKernel(shape, pointerWeight, turned);
                if (shape.Groups == shape.InputChannels && shape.Groups == shape.OutputChannels && shape.Groups > 1 && !accumulate)
                {
                    RunDepthwise(width, reverse, shape.Batch, shape.Groups, 1, pointerOutput, turned, pointerInput, threads);
                    return;
                }

                var product = new PatchProduct
                {
                    Geometry = reverse,
                    Batch = shape.Batch,
                    Groups = shape.Groups,
                    OutputChannels = shape.InputChannels / shape.Groups,
                    Input = pointerOutput,
                    Output = pointerInput,
                    Accumulate = accumulate,
                    Width = width,
                };
                product.Run(turned, threads);
            }
            else
            {
                var scatter = new PatchScatterJob
                {
                    Geometry = Geometry(shape),
                    Groups = shape.Groups,
                    OutputChannels = shape.OutputChannels / shape.Groups,
                    OutputGradient = pointerOutput,
                    InputGradient = pointerInput,
                    Accumulate = accumulate,
                    Width = width,
                };
                scatter.Run(shape.Batch, pointerWeight, threads);
            }
        }
    }

    internal static void BackwardWeight(
        VectorWidth width,
        in ConvolutionShape shape,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> outputGradient,
        Span<float> weightGradient,
        bool accumulate,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLength(input.Length, shape.InputLength, nameof(input));
        RequireLength(weightGradient.Length, shape.WeightLength, nameof(weightGradient));
        RequireLength(outputGradient.Length, shape.OutputLength, nameof(outputGradient));
        fixed (float* pointerInput = input, pointerWeight = weightGradient, pointerOutput = outputGradient)
        {
            var product = new WeightGradientProduct
            {
                Geometry = Geometry(shape),
                Batch = shape.Batch,
                Groups = shape.Groups,
                OutputChannels = shape.OutputChannels / shape.Groups,
                Input = pointerInput,
                OutputGradient = pointerOutput,
                WeightGradient = pointerWeight,
                Accumulate = accumulate,
                Width = width,
            };
            if (product.IsEfficient)
            {
                product.Run(threads);
                return;
            }

            var job = new WeightGradientJob
            {
                Geometry = product.Geometry,
                Batch = shape.Batch,
                Groups = shape.Groups,
                OutputChannels = product.OutputChannels,
                Input = pointerInput,
                OutputGradient = pointerOutput,
                WeightGradient = pointerWeight,
                Accumulate = accumulate,
                Width = width,
            };
            job.Run(threads);
        }
    }

    /// <summary>The axis that reads the output's gradient to write the input's, for stride 1.</summary>
    private static WindowAxis Reverse(WindowAxis axis) =>
        new(axis.OutputSize, axis.KernelSize, axis.Dilation, axis.Dilation * (axis.KernelSize - 1) - axis.PadBefore, axis.InputSize);

    /// <summary>M x C x kH x kW to C x M x kH x kW within each group, each kernel turned by half a circle.</summary>
    private static void TurnKernel(in ConvolutionShape shape, float* weight, float* turned)
    {
        int inputs = shape.InputChannels / shape.Groups;
        int outputs = shape.OutputChannels / shape.Groups;
        int positions = shape.Rows.KernelSize * shape.Columns.KernelSize;
        for (int group = 0; group < shape.Groups; group++)
        {
            for (int output = 0; output < outputs; output++)
            {
                for (int input = 0; input < inputs; input++)
                {
                    float* target = turned + ((nint)input * outputs + output) * positions;
                    for (int position = positions - 1; position >= 0; position--)
                    {
                        target[position] = *weight++;
                    }
                }
            }

            turned += (nint)inputs * outputs * positions;
        }
    }
}
