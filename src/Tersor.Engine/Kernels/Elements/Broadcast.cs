namespace Tersor.Engine.Kernels;

/// <summary>Functions of two tensors whose shapes are broadcast as ONNX and NumPy do, and their gradients.</summary>
/// <remarks>Dimensions are aligned at the last; one of size 1, or a missing one, is repeated. Shapes have up to <see cref="MaxRank"/> dimensions.</remarks>
public static unsafe class Broadcast
{
    /// <summary>Dimensions that a shape can have.</summary>
    public const int MaxRank = 16;

    /// <summary><c>output = f(a, b)</c>. The output may be the memory of an operand that is not repeated.</summary>
    /// <param name="function">Which function.</param>
    /// <param name="shapeA">Dimensions of <paramref name="a"/>.</param>
    /// <param name="a">Left operand.</param>
    /// <param name="shapeB">Dimensions of <paramref name="b"/>.</param>
    /// <param name="b">Right operand.</param>
    /// <param name="outputShape">The dimensions that both broadcast to.</param>
    /// <param name="output">Result.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A shape does not broadcast to the output's, or a span does not have its shape's length.</exception>
    public static void Apply(
        BinaryFunction function,
        ReadOnlySpan<int> shapeA,
        ReadOnlySpan<float> a,
        ReadOnlySpan<int> shapeB,
        ReadOnlySpan<float> b,
        ReadOnlySpan<int> outputShape,
        Span<float> output,
        KernelThreads threads) => Apply(VectorWidths.Widest, function, shapeA, a, shapeB, b, outputShape, output, threads);

    /// <summary>The gradient with respect to one operand: the partial derivative times the output's gradient, summed over what was repeated.</summary>
    /// <param name="function">The function that ran forward.</param>
    /// <param name="withRespectToLeft">Whether the gradient of <paramref name="a"/> is wanted, else that of <paramref name="b"/>.</param>
    /// <param name="shapeA">Dimensions of <paramref name="a"/>.</param>
    /// <param name="a">Left operand.</param>
    /// <param name="shapeB">Dimensions of <paramref name="b"/>.</param>
    /// <param name="b">Right operand.</param>
    /// <param name="outputShape">The dimensions that both broadcast to.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the function's output.</param>
    /// <param name="operandGradient">That with respect to the operand, in the operand's shape: written, or added to.</param>
    /// <param name="accumulate">Whether the gradient is added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A shape does not broadcast to the output's, or a span does not have its shape's length.</exception>
    public static void ApplyGradient(
        BinaryFunction function,
        bool withRespectToLeft,
        ReadOnlySpan<int> shapeA,
        ReadOnlySpan<float> a,
        ReadOnlySpan<int> shapeB,
        ReadOnlySpan<float> b,
        ReadOnlySpan<int> outputShape,
        ReadOnlySpan<float> outputGradient,
        Span<float> operandGradient,
        bool accumulate,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        var plan = new BroadcastPlan(shapeA, shapeB, outputShape);
        RequireLengths(plan, a, b, outputGradient.Length);
        ReadOnlySpan<int> operandShape = withRespectToLeft ? shapeA : shapeB;
        RequireLength(operandGradient.Length, withRespectToLeft ? plan.LengthA : plan.LengthB, nameof(operandGradient));
        if (function == BinaryFunction.Add || (function == BinaryFunction.Subtract && withRespectToLeft))
        {
            Reduction.SumTo(outputShape, outputGradient, operandShape, operandGradient, accumulate, threads);
            return;
        }

        bool whole = operandGradient.Length == plan.OutputLength;
        fixed (float* pointerA = a, pointerB = b, pointerOutput = outputGradient, pointerOperand = operandGradient)
        {
            float* target = whole ? pointerOperand : threads.CallerScratch.Reserve(ScratchUse.Reordered, plan.OutputLength);
            var job = new BroadcastJob
            {
                Plan = plan,
                A = pointerA,
                B = pointerB,
                Output = target,
                OutputGradient = pointerOutput,
                Part = withRespectToLeft ? BroadcastPart.LeftGradient : BroadcastPart.RightGradient,
                Accumulate = whole && accumulate,
                Width = VectorWidths.Widest,
            };
            Run(function, job, threads);
            if (!whole)
            {
                Reduction.SumTo(outputShape, new ReadOnlySpan<float>(target, plan.OutputLength), operandShape, operandGradient, accumulate, threads);
            }
        }
    }

    /// <summary><c>output (+)= scale * input</c>, the input repeated to the output's shape: ONNX <c>Expand</c>, and the gradient of a sum or mean.</summary>
    /// <exception cref="ArgumentException">The shape does not broadcast to the output's, or a span does not have its shape's length.</exception>
    public static void Expand(
        ReadOnlySpan<int> inputShape,
        ReadOnlySpan<float> input,
        ReadOnlySpan<int> outputShape,
        Span<float> output,
        float scale,
        bool accumulate,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        var plan = new BroadcastPlan(inputShape, outputShape, outputShape);
        RequireLength(input.Length, plan.LengthA, nameof(input));
        RequireLength(output.Length, plan.OutputLength, nameof(output));
        fixed (float* pointerInput = input, pointerOutput = output)
        {
            var job = new BroadcastJob
            {
                Plan = plan,
                A = pointerInput,
                B = pointerOutput,
                Output = pointerOutput,
                Scale = scale,
                Part = BroadcastPart.ScaledLeft,
                Accumulate = accumulate,
                Width = VectorWidths.Widest,
            };
            Run<AddFunction>(job, threads);
        }
    }

    internal static void Apply(
        VectorWidth width,
        BinaryFunction function,
        ReadOnlySpan<int> shapeA,
        ReadOnlySpan<float> a,
        ReadOnlySpan<int> shapeB,
        ReadOnlySpan<float> b,
        ReadOnlySpan<int> outputShape,
        Span<float> output,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        var plan = new BroadcastPlan(shapeA, shapeB, outputShape);
        RequireLengths(plan, a, b, output.Length);
        fixed (float* pointerA = a, pointerB = b, pointerOutput = output)
        {
            var job = new BroadcastJob { Plan = plan, A = pointerA, B = pointerB, Output = pointerOutput, Width = width };
            Run(function, job, threads);
        }
    }

    private static void Run(BinaryFunction function, in BroadcastJob job, KernelThreads threads)
    {
        switch (function)
        {
            case BinaryFunction.Add:
                Run<AddFunction>(job, threads);
                break;
            case BinaryFunction.Divide:
                Run<DivideFunction>(job, threads);
                break;
            case BinaryFunction.Maximum:
                Run<MaximumFunction>(job, threads);
                break;
            case BinaryFunction.Minimum:
                Run<MinimumFunction>(job, threads);
                break;
            case BinaryFunction.Multiply:
                Run<MultiplyFunction>(job, threads);
                break;
            case BinaryFunction.ParametricRelu:
                Run<ParametricReluFunction>(job, threads);
                break;
            case BinaryFunction.Power:
                Run<PowerFunction>(job, threads);
                break;
            case BinaryFunction.Subtract:
                Run<SubtractFunction>(job, threads);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    private static void Run<TFunction>(in BroadcastJob job, KernelThreads threads)
        where TFunction : struct, IBinaryFunction
    {
        var typed = new BroadcastJob<TFunction> { Job = job };
        threads.Run(job.Plan.Tasks, ref typed);
    }

    private static void RequireLengths(in BroadcastPlan plan, ReadOnlySpan<float> a, ReadOnlySpan<float> b, int output)
    {
        RequireLength(a.Length, plan.LengthA, nameof(a));
        RequireLength(b.Length, plan.LengthB, nameof(b));
        RequireLength(output, plan.OutputLength, nameof(output));
    }

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"The shape has {expected} elements; {length} were given.", name);
        }
    }
}
