namespace Tersor.Engine.Kernels;

/// <summary>Batch normalization (S. Ioffe and C. Szegedy, 2015) of N x C x area values, channel by channel.</summary>
public static unsafe class BatchNormalization
{
    /// <summary>With given statistics: <c>y = activation(scale (x - mean) / sqrt(variance + epsilon) + bias)</c>.</summary>
    /// <param name="batch">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="area">Product of the dimensions after C.</param>
    /// <param name="input">N x C x area values.</param>
    /// <param name="scale">C values.</param>
    /// <param name="bias">C values.</param>
    /// <param name="mean">C values.</param>
    /// <param name="variance">C values.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="activation">Applied as results are written.</param>
    /// <param name="output">As the input, and may be its memory.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the sizes say.</exception>
    public static void Inference(
        int batch,
        int channels,
        int area,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> bias,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> variance,
        float epsilon,
        Activation activation,
        Span<float> output,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireTensor(batch, channels, area, input.Length);
        RequireTensor(batch, channels, area, output.Length);
        RequireChannels(channels, scale.Length, bias.Length, mean.Length, variance.Length);
        fixed (float* x = input, s = scale, b = bias, m = mean, v = variance, y = output)
        {
            var job = new BatchNormalizationJob
            {
                Step = BatchNormalizationStep.Inference,
                Batch = batch,
                Channels = channels,
                Area = area,
                Input = x,
                Scale = s,
                Bias = b,
                Mean = m,
                Variance = v,
                Epsilon = epsilon,
                Activation = activation,
                Output = y,
                Width = VectorWidths.Widest,
            };
            threads.Run(channels, ref job);
        }
    }

    /// <summary>With the statistics of this batch, which are returned for the gradient and for running averages.</summary>
    /// <param name="batch">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="area">Product of the dimensions after C.</param>
    /// <param name="input">N x C x area values.</param>
    /// <param name="scale">C values.</param>
    /// <param name="bias">C values.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As the input.</param>
    /// <param name="mean">Receives C means.</param>
    /// <param name="variance">Receives C variances (over N x area values, not one less).</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the sizes say, or there are no values to normalize.</exception>
    public static void Training(
        int batch,
        int channels,
        int area,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> bias,
        float epsilon,
        Span<float> output,
        Span<float> mean,
        Span<float> variance,
        KernelThreads threads) =>
        Training(VectorWidths.Widest, batch, channels, area, input, scale, bias, epsilon, default, Activation.None, output, mean, variance, threads);

    /// <summary>The gradients of <see cref="Training(int, int, int, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, float, Span{float}, Span{float}, Span{float}, KernelThreads)"/>, through the statistics.</summary>
    /// <param name="batch">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="area">Product of the dimensions after C.</param>
    /// <param name="input">What the forward pass took.</param>
    /// <param name="scale">C values.</param>
    /// <param name="mean">The means that it returned.</param>
    /// <param name="variance">The variances that it returned.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="outputGradient">N x C x area values.</param>
    /// <param name="inputGradient">As many: written, or added to. May be the memory of the output's gradient when written.</param>
    /// <param name="accumulateInput">Whether the input's gradient is added to what is there.</param>
    /// <param name="scaleGradient">C values: written, or added to.</param>
    /// <param name="biasGradient">C values: written, or added to.</param>
    /// <param name="accumulateParameters">Whether the gradients of scale and bias are added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <param name="statisticsAreGiven">Whether mean and variance are those of <see cref="Inference(int, int, int, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, ReadOnlySpan{float}, float, Activation, Span{float}, KernelThreads)"/>, which do not move with the input.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the sizes say, or there are no values to normalize.</exception>
    public static void Backward(
        int batch,
        int channels,
        int area,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> variance,
        float epsilon,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        bool accumulateInput,
        Span<float> scaleGradient,
        Span<float> biasGradient,
        bool accumulateParameters,
        KernelThreads threads,
        bool statisticsAreGiven = false) =>
        Backward(
            VectorWidths.Widest, batch, channels, area, input, scale, default, mean, variance, epsilon, Activation.None, default, outputGradient, default,
            inputGradient, accumulateInput, scaleGradient, biasGradient, accumulateParameters, threads, statisticsAreGiven);

    /// <summary><c>output = activation(normalized + residual)</c>, the residual being empty for none and the activation none or a ReLU.</summary>
    internal static void Training(
        VectorWidth width,
        int batch,
        int channels,
        int area,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> bias,
        float epsilon,
        ReadOnlySpan<float> residual,
        Activation activation,
        Span<float> output,
        Span<float> mean,
        Span<float> variance,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireTensor(batch, channels, area, input.Length);
        RequireTensor(batch, channels, area, output.Length);
        RequireTensor(batch, channels, area, residual.Length == 0 ? output.Length : residual.Length);
        RequireChannels(channels, scale.Length, bias.Length, mean.Length, variance.Length);
        RequireValues(batch, area);
        fixed (float* x = input, s = scale, b = bias, r = residual, m = mean, v = variance, y = output)
        {
            var job = new BatchNormalizationJob
            {
                Step = BatchNormalizationStep.Training,
                Batch = batch,
                Channels = channels,
                Area = area,
                Input = x,
                Scale = s,
                Bias = b,
                Mean = m,
                Variance = v,
                Epsilon = epsilon,
                Residual = r,
                Activation = activation,
                Output = y,
                Width = width,
            };
            threads.Run(channels, ref job);
        }
    }

    /// <summary>
    /// The gradients with an activation and a residual: <paramref name="output"/> is what the forward pass gave, needed with both and empty otherwise;
    /// <paramref name="residualGradient"/> may be the memory of the output's gradient, or empty where it is not wanted.
    /// </summary>
    internal static void Backward(
        VectorWidth width,
        int batch,
        int channels,
        int area,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> bias,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> variance,
        float epsilon,
        Activation activation,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> outputGradient,
        Span<float> residualGradient,
        Span<float> inputGradient,
        bool accumulateInput,
        Span<float> scaleGradient,
        Span<float> biasGradient,
        bool accumulateParameters,
        KernelThreads threads,
        bool statisticsAreGiven)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireTensor(batch, channels, area, input.Length);
        RequireTensor(batch, channels, area, outputGradient.Length);
        RequireTensor(batch, channels, area, inputGradient.Length);
        RequireTensor(batch, channels, area, output.Length == 0 ? input.Length : output.Length);
        RequireTensor(batch, channels, area, residualGradient.Length == 0 ? input.Length : residualGradient.Length);
        RequireChannels(channels, scale.Length, mean.Length, variance.Length, scaleGradient.Length);
        RequireChannels(channels, biasGradient.Length, channels, channels, channels);
        RequireValues(batch, area);
        fixed (float* x = input, s = scale, b = bias, m = mean, v = variance, y = output, g = outputGradient)
        fixed (float* r = residualGradient, d = inputGradient, ds = scaleGradient, db = biasGradient)
        {
            var job = new BatchNormalizationJob
            {
                Step = statisticsAreGiven ? BatchNormalizationStep.InferenceBackward : BatchNormalizationStep.Backward,
                Batch = batch,
                Channels = channels,
                Area = area,
                Input = x,
                Scale = s,
                Bias = b,
                Mean = m,
                Variance = v,
                Epsilon = epsilon,
                Activation = activation,
                Result = y,
                OutputGradient = g,
                ResidualGradient = r,
                Output = d,
                AccumulateInput = accumulateInput,
                ScaleGradient = ds,
                BiasGradient = db,
                AccumulateParameters = accumulateParameters,
                Width = width,
            };
            threads.Run(channels, ref job);
        }
    }

    private static void RequireTensor(int batch, int channels, int area, int length)
    {
        ReadOnlySpan<int> shape = [batch, channels, area];
        int expected = ElementCount.Of(shape);
        if (length != expected)
        {
            throw new ArgumentException($"{batch} x {channels} x {area} are {expected} values; {length} were given.");
        }
    }

    private static void RequireChannels(int channels, int first, int second, int third, int fourth)
    {
        if (first != channels || second != channels || third != channels || fourth != channels)
        {
            throw new ArgumentException($"Scale, bias, mean and variance need {channels} values each; {first}, {second}, {third} and {fourth} were given.");
        }
    }

    private static void RequireValues(int batch, int area)
    {
        if (batch == 0 || area == 0)
        {
            throw new ArgumentException("An empty batch has no statistics.");
        }
    }
}
