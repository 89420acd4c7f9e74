namespace Tersor.Engine.Kernels;

/// <summary>Functions of one tensor, element by element, and their gradients.</summary>
public static unsafe class Elementwise
{
    /// <summary><c>output = f(input)</c>; both may be the same memory.</summary>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void Apply(ElementFunction function, ReadOnlySpan<float> input, Span<float> output, KernelThreads threads) =>
        Apply(VectorWidths.Widest, function, input, output, threads);

    /// <summary><c>inputGradient (+)= f'(input) outputGradient</c>; the gradients may be the same memory.</summary>
    /// <param name="function">The function that ran forward.</param>
    /// <param name="input">What it was applied to. For Relu and LeakyRelu with a positive slope, its output serves as well.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the function's output.</param>
    /// <param name="inputGradient">That with respect to its input: written, or added to.</param>
    /// <param name="accumulate">Whether the gradient is added to what is there.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void ApplyGradient(
        ElementFunction function,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        bool accumulate,
        KernelThreads threads) => ApplyGradient(VectorWidths.Widest, function, input, outputGradient, inputGradient, accumulate, threads);

    internal static void Apply(VectorWidth width, ElementFunction function, ReadOnlySpan<float> input, Span<float> output, KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLength(output.Length, input.Length, nameof(output));
        fixed (float* pointerInput = input, pointerOutput = output)
        {
            Run(new ElementFunctionJob { Input = pointerInput, Output = pointerOutput, Width = width }, function, input.Length, threads);
        }
    }

    internal static void ApplyGradient(
        VectorWidth width,
        ElementFunction function,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        bool accumulate,
        KernelThreads threads)
    {
        ArgumentNullException.ThrowIfNull(threads);
        RequireLength(outputGradient.Length, input.Length, nameof(outputGradient));
        RequireLength(inputGradient.Length, input.Length, nameof(inputGradient));
        fixed (float* pointerInput = input, pointerGradient = outputGradient, pointerOutput = inputGradient)
        {
            var job = new ElementFunctionJob
            {
                Input = pointerInput,
                OutputGradient = pointerGradient,
                Output = pointerOutput,
                IsGradient = true,
                Accumulate = accumulate,
                Width = width,
            };
            Run(job, function, input.Length, threads);
        }
    }

    private static void Run(ElementFunctionJob job, ElementFunction function, int length, KernelThreads threads)
    {
        job.First = function.First;
        job.Second = function.Second;
        job.Length = length;
        switch (function.Kind)
        {
            case ElementFunctionKind.Abs:
                Run<AbsFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Clip:
                Run<ClipFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Elu:
                Run<EluFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Erf:
                Run<ErfFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Exp:
                Run<ExpFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Gelu:
                Run<GeluFunction>(job, length, threads);
                break;
            case ElementFunctionKind.GeluTanh:
                Run<GeluTanhFunction>(job, length, threads);
                break;
            case ElementFunctionKind.HardSigmoid:
                Run<HardSigmoidFunction>(job, length, threads);
                break;
            case ElementFunctionKind.HardSwish:
                Run<HardSwishFunction>(job, length, threads);
                break;
            case ElementFunctionKind.LeakyRelu:
                Run<LeakyReluFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Log:
                Run<LogFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Negate:
                Run<NegateFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Reciprocal:
                Run<ReciprocalFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Relu:
                Run<ReluFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Sigmoid:
                Run<SigmoidFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Sign:
                Run<SignFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Sqrt:
                Run<SqrtFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Swish:
                Run<SwishFunction>(job, length, threads);
                break;
            case ElementFunctionKind.Tanh:
                Run<TanhFunction>(job, length, threads);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    private static void Run<TFunction>(ElementFunctionJob job, int length, KernelThreads threads)
        where TFunction : struct, IElementFunction
    {
        var typed = new ElementFunctionJob<TFunction> { Job = job };
        threads.Run(ElementRange.Tasks(length), ref typed);
    }

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"The input has {expected} values; here are {length}.", name);
        }
    }
}
