namespace Tersor.Engine.Kernels;

/// <summary>What a reduction makes of the values that it takes together.</summary>
public enum ReductionKind
{
    /// <summary>The sum.</summary>
    Sum,

    /// <summary>The sum over their number.</summary>
    Mean,

    /// <summary>The largest.</summary>
    Maximum,

    /// <summary>The smallest.</summary>
    Minimum,

    /// <summary>The sum of squares.</summary>
    SumOfSquares,
}

/// <summary>Reductions of a tensor over some of its dimensions. The order of a sum depends on the shape alone.</summary>
public static unsafe class Reduction
{
    /// <summary>Reduces the dimensions that <paramref name="reduced"/> marks; the others stay in order.</summary>
    /// <param name="kind">What is made of the values.</param>
    /// <param name="shape">Dimensions of the input, none of size 0 among those that are reduced.</param>
    /// <param name="reduced">One flag per dimension.</param>
    /// <param name="input">Values.</param>
    /// <param name="output">As many results as the dimensions that stay have elements: written, or added to.</param>
    /// <param name="accumulate">Whether a sum or mean is added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">Shapes and lengths do not agree, an empty dimension is reduced, or a maximum would be accumulated.</exception>
    public static void Apply(
        ReductionKind kind,
        ReadOnlySpan<int> shape,
        ReadOnlySpan<bool> reduced,
        ReadOnlySpan<float> input,
        Span<float> output,
        bool accumulate,
        KernelThreads threads) => Apply(VectorWidths.Widest, kind, shape, reduced, input, output, accumulate, threads);

    /// <summary>Sums a tensor over the dimensions that a smaller shape would repeat: the gradient of broadcasting.</summary>
    /// <exception cref="ArgumentException">The smaller shape does not broadcast to the larger, or a span does not have its shape's length.</exception>
    public static void SumTo(
        ReadOnlySpan<int> shape, ReadOnlySpan<float> input, ReadOnlySpan<int> outputShape, Span<float> output, bool accumulate, KernelThreads threads)
    {
        // Checks that the one broadcasts to the other.
        var plan = new BroadcastPlan(outputShape, shape, shape);
        if (plan.LengthA == plan.OutputLength)
        {
            Broadcast.Expand(outputShape, input, shape, output, 1f, accumulate, threads);
            return;
        }

        Span<bool> reduced = stackalloc bool[shape.Length];
        for (int fromEnd = 1; fromEnd <= shape.Length; fromEnd++)
        {
            int size = fromEnd <= outputShape.Length ? outputShape[^fromEnd] : 1;
            reduced[^fromEnd] = size == 1 && shape[^fromEnd] != 1;
        }

        Apply(ReductionKind.Sum, shape, reduced, input, output, accumulate, threads);
    }

    internal static void Apply(
        VectorWidth width,
        ReductionKind kind,
        ReadOnlySpan<int> shape,
        ReadOnlySpan<bool> reduced,
        ReadOnlySpan<float> input,
        Span<float> output,
        bool accumulate,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        if (accumulate && kind is ReductionKind.Maximum or ReductionKind.Minimum)
        {
            throw new ArgumentException("A maximum or minimum is not added to anything.", nameof(accumulate));
        }

        var plan = new ReductionPlan(shape, reduced);
        if (input.Length != plan.InputLength || output.Length != plan.OutputLength)
        {
            throw new ArgumentException($"A reduction of {plan.InputLength} values to {plan.OutputLength} was given {input.Length} and {output.Length}.");
        }

        if (plan.OutputLength > 0 && plan.InputLength == 0 && kind is not (ReductionKind.Sum or ReductionKind.SumOfSquares))
        {
            throw new ArgumentException("A dimension of size 0 has no mean, maximum or minimum.", nameof(shape));
        }

        if (plan.InputLength == 0)
        {
            if (!accumulate)
            {
                output.Clear();
            }

            return;
        }

        fixed (float* pointerInput = input, pointerOutput = output)
        {
            var job = new ReductionJob
            {
                Plan = plan,
                Kind = kind,
                Input = pointerInput,
                Output = pointerOutput,
                Accumulate = accumulate,
                Width = width,
            };
            threads.Run(plan.Tasks, ref job);
        }
    }
}
