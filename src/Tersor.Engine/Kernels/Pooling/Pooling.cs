namespace Tersor.Engine.Kernels;

/// <summary>Largest value and average over windows of an image, and their gradients. For a whole image, see <see cref="Reduction"/>.</summary>
public static unsafe class Pooling
{
    // What single precision counts without a gap.
    private const long LargestPlace = 1 << 24;

    /// <summary>The largest value in each window. Padding never wins; a window of padding alone gives minus infinity.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="input">planes x H x W.</param>
    /// <param name="output">planes x oH x oW.</param>
    /// <param name="places">
    /// For the gradient: where in its plane each largest value stands (<c>row * W + column</c>, the first of equals, -1 for a window without a value above minus infinity).
    /// As long as the output, or empty.
    /// </param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">
    /// A span does not have the length that the shape says, or places are wanted and the rows of a window reach over more than 2^24 elements.
    /// </exception>
    public static void Maximum(in PoolingShape shape, ReadOnlySpan<float> input, Span<float> output, Span<int> places, KernelThreads threads)
    {
        if (places.Length != 0)
        {
            RequireLength(places.Length, shape.OutputLength, nameof(places));
        }

        Run(VectorWidths.Widest, shape, PoolingKind.Maximum, input, output, places, threads);
    }

    /// <summary>The gradient of <see cref="Maximum"/>: each output's gradient goes to the place of its largest value.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="places">What the forward pass recorded.</param>
    /// <param name="outputGradient">planes x oH x oW.</param>
    /// <param name="inputGradient">planes x H x W: written, or added to.</param>
    /// <param name="accumulate">Whether the gradient is added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the shape says.</exception>
    public static void MaximumGradient(
        in PoolingShape shape, ReadOnlySpan<int> places, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, bool accumulate, KernelThreads threads)
    {
        RequireLength(places.Length, shape.OutputLength, nameof(places));
        fixed (int* pointerPlaces = places)
        {
            RunGradient(shape, pointerPlaces, outputGradient, inputGradient, accumulate, threads);
        }
    }

    /// <summary>The average of each window, over the elements that count.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="input">planes x H x W.</param>
    /// <param name="output">planes x oH x oW.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the shape says.</exception>
    public static void Average(in PoolingShape shape, ReadOnlySpan<float> input, Span<float> output, KernelThreads threads) =>
        Run(VectorWidths.Widest, shape, PoolingKind.Average, input, output, default, threads);

    /// <summary>The gradient of <see cref="Average"/>.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="outputGradient">planes x oH x oW.</param>
    /// <param name="inputGradient">planes x H x W: written, or added to.</param>
    /// <param name="accumulate">Whether the gradient is added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A span does not have the length that the shape says.</exception>
    public static void AverageGradient(
        in PoolingShape shape, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, bool accumulate, KernelThreads threads) =>
        RunGradient(shape, null, outputGradient, inputGradient, accumulate, threads);

    internal static void Run(
        VectorWidth width, in PoolingShape shape, PoolingKind kind, ReadOnlySpan<float> input, Span<float> output, Span<int> places, KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLength(input.Length, shape.InputLength, nameof(input));
        RequireLength(output.Length, shape.OutputLength, nameof(output));
        var geometry = new PatchGeometry(shape.Rows, shape.Columns, 1);
        int* offsets = (int*)threads.CallerScratch.Reserve(ScratchUse.Offsets, geometry.Depth);
        geometry.WriteOffsets(new ImageSlice(shape.Rows, shape.Columns, shape.Rows.OutputSize), 1, offsets);
        int columns = shape.Columns.OutputSize;
        float* perColumn = threads.CallerScratch.Reserve(ScratchUse.Reordered, (long)columns + geometry.Depth);
        for (int column = 0; column < columns; column++)
        {
            perColumn[column] = kind == PoolingKind.Average ? 1f / shape.Counted(shape.Columns, column) : column * shape.Columns.Stride;
        }

        float* placeOffsets = null;
        if (places.Length != 0)
        {
            RequirePlaces(shape);
            placeOffsets = perColumn + columns;
            for (int position = 0; position < geometry.Depth; position++)
            {
                (int row, int column) = Math.DivRem(position, shape.Columns.KernelSize);
                placeOffsets[position] = row * shape.Rows.Dilation * shape.Columns.InputSize + column * shape.Columns.Dilation;
            }
        }

        fixed (float* pointerInput = input, pointerOutput = output)
        fixed (int* pointerPlaces = places)
        {
            var job = new PoolingJob
            {
                PlaceOffsets = placeOffsets,
                Places = pointerPlaces,
                Shape = shape,
                Kind = kind,
                Input = pointerInput,
                Output = pointerOutput,
                Offsets = offsets,
                Positions = geometry.Depth,
                ColumnPlaces = perColumn,
                ColumnFactors = perColumn,
                Width = width,
            };
            threads.Run(shape.Tasks, ref job);
        }
    }

    private static void RunGradient(
        in PoolingShape shape, int* places, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, bool accumulate, KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLength(outputGradient.Length, shape.OutputLength, nameof(outputGradient));
        RequireLength(inputGradient.Length, shape.InputLength, nameof(inputGradient));
        fixed (float* pointerOutput = outputGradient, pointerInput = inputGradient)
        {
            var job = new PoolingGradientJob
            {
                Shape = shape,
                Places = places,
                OutputGradient = pointerOutput,
                InputGradient = pointerInput,
                Accumulate = accumulate,
            };
            threads.Run(shape.Tasks, ref job);
        }
    }

    private static void RequirePlaces(in PoolingShape shape)
    {
        long span = ((long)(shape.Rows.KernelSize - 1) * shape.Rows.Dilation + 1) * shape.Columns.InputSize;
        if (span + shape.Columns.InputSize > LargestPlace)
        {
            throw new ArgumentException($"The rows of a window reach over {span} elements; the places of largest values are known up to {LargestPlace}.", nameof(shape));
        }
    }

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"The shape of this pooling needs {expected} values here; {length} were given.", name);
        }
    }
}
