namespace Tersor.Engine.Kernels;

/// <summary>Layer normalization (J. L. Ba, J. R. Kiros and G. E. Hinton, 2016): each row by itself, scale and bias by column.</summary>
public static unsafe class LayerNormalization
{
    /// <summary><c>y = scale (x - mean) / sqrt(variance + epsilon) + bias</c>.</summary>
    /// <param name="rows">Product of the dimensions before the axis.</param>
    /// <param name="columns">Product of the dimensions from the axis on.</param>
    /// <param name="input">rows x columns values.</param>
    /// <param name="scale">One value per column.</param>
    /// <param name="bias">One value per column, or empty.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">As the input, and may be its memory.</param>
    /// <param name="mean">Receives one mean per row.</param>
    /// <param name="inverseDeviation">Receives <c>1 / sqrt(variance + epsilon)</c> for each row.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the sizes say, or rows are empty.</exception>
    public static void Forward(
        int rows,
        int columns,
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
        RequireSizes(rows, columns, input.Length, output.Length, scale.Length, mean.Length, inverseDeviation.Length);
        if (bias.Length != 0 && bias.Length != columns)
        {
            throw new ArgumentException($"A bias of {bias.Length} values does not fit {columns} columns.", nameof(bias));
        }

        fixed (float* x = input, s = scale, b = bias, y = output, m = mean, d = inverseDeviation)
        {
            var job = new LayerNormalizationJob
            {
                Rows = rows,
                Columns = columns,
                Input = x,
                Scale = s,
                Bias = b,
                Epsilon = epsilon,
                Output = y,
                Mean = m,
                InverseDeviation = d,
            };
            threads.Run(job.RowTasks, ref job);
        }
    }

    /// <summary>The gradients of <see cref="Forward"/>, through the statistics.</summary>
    /// <param name="rows">Product of the dimensions before the axis.</param>
    /// <param name="columns">Product of the dimensions from the axis on.</param>
    /// <param name="input">What the forward pass took.</param>
    /// <param name="scale">One value per column.</param>
    /// <param name="mean">The means that it returned.</param>
    /// <param name="inverseDeviation">The inverse deviations that it returned.</param>
    /// <param name="outputGradient">rows x columns values.</param>
    /// <param name="inputGradient">As many: written, or added to. Must not overlap the output's gradient.</param>
    /// <param name="accumulateInput">Whether the input's gradient is added to what is there.</param>
    /// <param name="scaleGradient">One value per column: written, or added to.</param>
    /// <param name="biasGradient">One value per column: written, or added to.</param>
    /// <param name="accumulateParameters">Whether the gradients of scale and bias are added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">As in <see cref="Forward"/>.</exception>
    public static void Backward(
        int rows,
        int columns,
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
        RequireSizes(rows, columns, input.Length, outputGradient.Length, scale.Length, mean.Length, inverseDeviation.Length);
        RequireSizes(rows, columns, input.Length, inputGradient.Length, scaleGradient.Length, mean.Length, inverseDeviation.Length);
        if (biasGradient.Length != columns)
        {
            throw new ArgumentException($"A gradient of {biasGradient.Length} values does not fit {columns} columns.", nameof(biasGradient));
        }

        fixed (float* x = input, s = scale, m = mean, v = inverseDeviation, g = outputGradient, d = inputGradient, ds = scaleGradient, db = biasGradient)
        {
            var job = new LayerNormalizationJob
            {
                Rows = rows,
                Columns = columns,
                Input = x,
                Scale = s,
                Mean = m,
                InverseDeviation = v,
                OutputGradient = g,
                Output = d,
                AccumulateInput = accumulateInput,
            };
            threads.Run(job.RowTasks, ref job);
            var parameters = new LayerParameterGradientJob
            {
                Rows = rows,
                Columns = columns,
                Input = x,
                Mean = m,
                InverseDeviation = v,
                OutputGradient = g,
                ScaleGradient = ds,
                BiasGradient = db,
                Accumulate = accumulateParameters,
            };
            threads.Run(parameters.Tasks, ref parameters);
        }
    }

    private static void RequireSizes(int rows, int columns, int first, int second, int scale, int means, int deviations)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ReadOnlySpan<int> shape = [rows, columns];
        int expected = ElementCount.Of(shape);
        if (first != expected || second != expected || scale != columns || means != rows || deviations != rows)
        {
            throw new ArgumentException(
                $"{rows} rows of {columns} take {expected} values, {columns} of scale and {rows} of statistics; {first}, {second}, {scale}, {means} and {deviations} were given.");
        }
    }
}
