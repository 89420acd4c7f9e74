using Tersor.Representations;

namespace Tersor.Engine.Kernels;

/// <summary>Products and convolutions with weights that are held in a representation, in the place of <see cref="MatrixProduct"/> and <see cref="Convolution"/>.</summary>
internal static unsafe class HeldProduct
{
    /// <summary>Values of scratch that <see cref="Multiply"/> takes.</summary>
    public static long ScratchLength(Representation weight, int rows) => rows == 1 ? 0 : (long)rows * (weight.Rows + weight.Columns);

    /// <summary>Values of scratch that <see cref="Convolve"/> takes.</summary>
    public static long ScratchLength(in PatchGeometry geometry) => geometry.IsIdentity ? 0 : (long)geometry.Depth * geometry.Area;

    /// <summary><c>y = activation(x W^T + bias)</c>.</summary>
    /// <param name="weight">W, a row per column of y.</param>
    /// <param name="rows">Rows of x and y.</param>
    /// <param name="x">Row-major.</param>
    /// <param name="bias">A value per column of y, or empty.</param>
    /// <param name="activation">Applied to results.</param>
    /// <param name="y">Row-major.</param>
    /// <param name="scratch">As long as <see cref="ScratchLength(Representation, int)"/> says.</param>
    /// <param name="threads">Where it runs.</param>
    public static void Multiply(
        Representation weight, int rows, ReadOnlySpan<float> x, ReadOnlySpan<float> bias, Activation activation, Span<float> y, Span<float> scratch, KernelThreads threads)
    {
        if (rows == 1)
        {
            weight.Multiply(x, y, threads.Count);
            Finish(1, weight.Rows, 1, y, [], bias, [], activation, threads);
            return;
        }

        // Columns are contiguous over the batch: each weight meets a vector.
        Span<float> columns = scratch[..(rows * weight.Columns)];
        Span<float> products = scratch.Slice(columns.Length, rows * weight.Rows);
        Transposition.Permute([rows, weight.Columns], [1, 0], x, columns, threads);
        weight.MultiplyColumns(columns, rows, products, threads.Count);
        Finish(1, weight.Rows, rows, products, [], bias, [], activation, threads);
        Transposition.Permute([weight.Rows, rows], [1, 0], products, y, threads);
    }

    /// <summary><c>output = activation(scale (W * input) + bias + residual)</c> for a batch of images.</summary>
    /// <param name="weight">A matrix per group, its columns being input channels and kernel positions.</param>
    /// <param name="geometry">How patches are read.</param>
    /// <param name="batch">Images.</param>
    /// <param name="input">N x C x H x W.</param>
    /// <param name="scale">A factor per output channel, or empty.</param>
    /// <param name="bias">A summand per output channel, or empty.</param>
    /// <param name="residual">A summand per output, or empty.</param>
    /// <param name="activation">Applied to results.</param>
    /// <param name="output">N x M x oH x oW.</param>
    /// <param name="scratch">As long as <see cref="ScratchLength(in PatchGeometry)"/> says.</param>
    /// <param name="threads">Where it runs.</param>
    public static void Convolve(
        IReadOnlyList<Representation> weight,
        in PatchGeometry geometry,
        int batch,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> bias,
        ReadOnlySpan<float> residual,
        Activation activation,
        Span<float> output,
        Span<float> scratch,
        KernelThreads threads)
    {
        int inputLength = geometry.Channels * geometry.InputArea;
        int outputLength = weight[0].Rows * geometry.Area;
        for (int i = 0; i < batch * weight.Count; i++)
        {
            ReadOnlySpan<float> image = input.Slice(i * inputLength, inputLength);
            ReadOnlySpan<float> patches = geometry.IsIdentity ? image : WritePatches(geometry, image, scratch, threads);
            weight[i % weight.Count].MultiplyColumns(patches, geometry.Area, output.Slice(i * outputLength, outputLength), threads.Count);
        }

        Finish(batch, weight.Count * weight[0].Rows, geometry.Area, output, scale, bias, residual, activation, threads);
    }

    private static ReadOnlySpan<float> WritePatches(in PatchGeometry geometry, ReadOnlySpan<float> image, Span<float> scratch, KernelThreads threads)
    {
        Span<float> patches = scratch[..(geometry.Depth * geometry.Area)];
        fixed (float* pointerImage = image, pointerPatches = patches)
        {
            var job = new PatchWriteJob { Geometry = geometry, Image = pointerImage, Patches = pointerPatches };
            threads.Run(geometry.Channels, ref job);
        }

        return patches;
    }

    private static void Finish(
        int batch,
        int channels,
        int length,
        Span<float> values,
        ReadOnlySpan<float> scale,
        ReadOnlySpan<float> bias,
        ReadOnlySpan<float> residual,
        Activation activation,
        KernelThreads threads)
    {
        if (scale.IsEmpty && bias.IsEmpty && residual.IsEmpty && activation.Kind == ActivationKind.None) return;
        fixed (float* pointerValues = values, pointerScale = scale, pointerBias = bias, pointerResidual = residual)
        {
            var job = new RowEpilogueJob
            {
                Channels = channels,
                Length = length,
                Values = pointerValues,
                Scale = pointerScale,
                Bias = pointerBias,
                Residual = pointerResidual,
                Activation = activation,
                Width = VectorWidths.Widest,
            };
            threads.Run(batch * channels, ref job);
        }
    }
}
