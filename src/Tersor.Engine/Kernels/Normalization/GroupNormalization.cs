namespace Tersor.Engine.Kernels;

/// <summary>
/// Group normalization (Y. Wu and K. He, 2018) of N x C x area values: each image's groups of channels by themselves. With as
/// many groups as channels, it is instance normalization.
/// </summary>
public static unsafe class GroupNormalization
{
    /// <summary><c>y = scale (x - mean) / sqrt(variance + epsilon) + bias</c>, scale and bias by channel.</summary>
    /// <param name="batch">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="area">Product of the dimensions after C.</param>
    /// <param name="groups">Divides C.</param>
    /// <param name="input">N x C x area values.</param>
    /// <param name="scale">C values.</param>
    /// <param name="bias">C values.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As the input, and may be its memory.</param>
    /// <param name="mean">Receives N x groups means.</param>
    /// <param name="inverseDeviation">Receives N x groups values of <c>1 / sqrt(variance + epsilon)</c>.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the sizes say, the groups do not divide the channels, or a group is empty.</exception>
    public static void Forward(
        int batch,
        int channels,
        int area,
        int groups,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> bias,
        float epsilon,
        Span<float> output,
        Span<float> mean,
        Span<float> inverseDeviation,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireSizes(batch, channels, area, groups, input.Length, output.Length, mean.Length, inverseDeviation.Length);
        RequireChannels(channels, scale.Length, bias.Length);
        fixed (float* x = input, s = scale, b = bias, y = output, m = mean, d = inverseDeviation)
        {
            var job = new GroupNormalizationJob
            {
                Step = GroupNormalizationStep.Forward,
                Batch = batch,
                Channels = channels,
                Area = area,
                Groups = groups,
                Input = x,
                Scale = s,
                Bias = b,
                Epsilon = epsilon,
                Output = y,
                Mean = m,
                InverseDeviation = d,
            };
            threads.Run(batch * groups, ref job);
        }
    }

    /// <summary>The gradients of <see cref="Forward"/>, through the statistics.</summary>
    /// <param name="batch">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="area">Product of the dimensions after C.</param>
    /// <param name="groups">Divides C.</param>
    /// <param name="input">What the forward pass took.</param>
    /// <param name="scale">C values.</param>
    /// <param name="mean">The means that it returned.</param>
    /// <param name="inverseDeviation">The inverse deviations that it returned.</param>
    /// <param name="outputGradient">N x C x area values.</param>
    /// <param name="inputGradient">As many: written, or added to. Must not overlap the output's gradient.</param>
    /// <param name="accumulateInput">Whether the input's gradient is added to what is there.</param>
    /// <param name="scaleGradient">C values: written, or added to.</param>
    /// <param name="biasGradient">C values: written, or added to.</param>
    /// <param name="accumulateParameters">Whether the gradients of scale and bias are added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">As in <see cref="Forward"/>.</exception>
    public static void Backward(
        int batch,
        int channels,
        int area,
        int groups,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> inverseDeviation,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        bool accumulateInput,
        Span<float> scaleGradient,
        Span<float> biasGradient,
        bool accumulateParameters,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireSizes(batch, channels, area, groups, input.Length, outputGradient.Length, mean.Length, inverseDeviation.Length);
        RequireSizes(batch, channels, area, groups, input.Length, inputGradient.Length, mean.Length, inverseDeviation.Length);
        RequireChannels(channels, scale.Length, scale.Length);
        RequireChannels(channels, scaleGradient.Length, biasGradient.Length);
        fixed (float* x = input, s = scale, m = mean, v = inverseDeviation, g = outputGradient, d = inputGradient, ds = scaleGradient, db = biasGradient)
        {
            var job = new GroupNormalizationJob
            {
                Step = GroupNormalizationStep.InputGradient,
                Batch = batch,
                Channels = channels,
                Area = area,
                Groups = groups,
                Input = x,
                Scale = s,
                Mean = m,
                InverseDeviation = v,
                OutputGradient = g,
                Output = d,
                AccumulateInput = accumulateInput,
                ScaleGradient = ds,
                BiasGradient = db,
                AccumulateParameters = accumulateParameters,
            };
            threads.Run(batch * groups, ref job);
            job.Step = GroupNormalizationStep.ParameterGradients;
            threads.Run(channels, ref job);
        }
    }

    private static void RequireSizes(int batch, int channels, int area, int groups, int first, int second, int means, int deviations)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        ReadOnlySpan<int> shape = [batch, channels, area];
        int expected = ElementCount.Of(shape);
        if (channels % groups != 0 || (batch > 0 && expected == 0))
        {
            throw new ArgumentException($"{groups} groups of {channels} channels of {area} values: groups must divide the channels and not be empty.", nameof(groups));
        }

        if (first != expected || second != expected)
        {
            throw new ArgumentException($"{batch} x {channels} x {area} are {expected} values; {first} and {second} were given.");
        }

        if (means != batch * groups || deviations != batch * groups)
        {
            throw new ArgumentException($"There are {batch * groups} statistics; room for {means} and {deviations} was given.");
        }
    }

    private static void RequireChannels(int channels, int first, int second)
    {
        if (first != channels || second != channels)
        {
            throw new ArgumentException($"Scale and bias need {channels} values each; {first} and {second} were given.");
        }
    }
}
