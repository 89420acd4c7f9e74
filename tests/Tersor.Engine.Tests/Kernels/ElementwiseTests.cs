using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

public sealed class ElementwiseTests
{
    // Polynomials of the transcendental functions are within a few units in the last place.
    private const double Tolerance = 5e-7;

    public static TheoryData<string> Functions => [.. Enum.GetNames<ElementFunctionKind>()];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Apply_AnyWidth_AgreesWithDoublePrecision(string name)
    {
        ElementFunction function = WithParameters(Enum.Parse<ElementFunctionKind>(name));
        using var threads = new KernelThreads(2);
        float[] input = Inputs(function.Kind);
        double[] expected = [.. input.Select(x => Definition(function, x))];
        foreach (VectorWidth width in Enum.GetValues<VectorWidth>())
        {
            float[] output = new float[input.Length];
            Elementwise.Apply(width, function, input, output, threads);
            for (int i = 0; i < input.Length; i++)
            {

                // One plus an error function that is almost -1 keeps the digits of 1.
                double floor = function.Kind switch
                {
                    ElementFunctionKind.Exp => 0.0,
                    ElementFunctionKind.Gelu or ElementFunctionKind.GeluTanh => Math.Abs(input[i]),
                    _ => 0.1,
                };
                double scale = Math.Max(Math.Abs(expected[i]), floor);
                Assert.True(
                    Math.Abs(expected[i] - output[i]) <= Tolerance * scale,
                    $"{name} at {input[i]:R} with {width} is {output[i]:R}, expected {expected[i]:R}.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void ApplyGradient_AnyWidth_AgreesWithDifferences(string name)
    {
        ElementFunction function = WithParameters(Enum.Parse<ElementFunctionKind>(name));
        using var threads = new KernelThreads(2);

        // Not at kinks: differences across one say nothing.
        float[] input = [.. Inputs(function.Kind).Where(x => Math.Abs(x) < 20 && Kinks(function).All(kink => Math.Abs(x - kink) > 1e-3))];
        float[] gradient = new Seeded(40).Values(input.Length);
        foreach (VectorWidth width in Enum.GetValues<VectorWidth>())
        {
            foreach (bool accumulate in (bool[])[false, true])
            {
                float[] inputGradient = new float[input.Length];
                Array.Fill(inputGradient, 0.25f);
                Elementwise.ApplyGradient(width, function, input, gradient, inputGradient, accumulate, threads);
                for (int i = 0; i < input.Length; i++)
                {
                    const double Step = 1e-4;
                    double slope = (Definition(function, input[i] + Step) - Definition(function, input[i] - Step)) / (2 * Step);
                    double expected = slope * gradient[i] + (accumulate ? 0.25 : 0.0);
                    Assert.True(
                        Math.Abs(expected - inputGradient[i]) <= 1e-4 * Math.Max(Math.Abs(expected), 1.0),
                        $"The gradient of {name} at {input[i]:R} with {width} is {inputGradient[i]:R}, differences say {expected:R}.");
                }
            }
        }
    }

    [Fact]
    public void Apply_SpecialValues_BehavesAsTheMathematicsSay()
    {
        using var threads = new KernelThreads(1);
        float[] special = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f, 1000f, -1000f];
        foreach (VectorWidth width in Enum.GetValues<VectorWidth>())
        {
            float[] input = [.. Enumerable.Repeat(special, 4).SelectMany(values => values)];
            float[] Of(ElementFunction function)
            {
                float[] output = new float[input.Length];
                Elementwise.Apply(width, function, input, output, threads);
                return output[^special.Length..];
            }

            Assert.Equal([float.NaN, float.PositiveInfinity, 0f, 1f, float.PositiveInfinity, 0f], Of(ElementFunctionKind.Exp));
            Assert.Equal([float.NaN, 1f, 0f, 0.5f, 1f, 0f], Of(ElementFunctionKind.Sigmoid));
            Assert.Equal([float.NaN, 1f, -1f, 0f, 1f, -1f], Of(ElementFunctionKind.Tanh));
            Assert.Equal([float.NaN, 1f, -1f, 0f, 1f, -1f], Of(ElementFunctionKind.Erf));
            Assert.Equal([float.NaN, float.PositiveInfinity, 0f, 0f, 1000f, 0f], Of(ElementFunctionKind.Relu));
            Assert.Equal([float.NaN, 3f, -2f, 0f, 3f, -2f], Of(new ElementFunction(ElementFunctionKind.Clip, -2f, 3f)));
            Assert.Equal([float.NaN, 1f, -1f, 0f, 1f, -1f], Of(ElementFunctionKind.Sign));
        }
    }

    [Fact]
    public void Apply_AnyNumberOfThreads_GivesTheSameBits()
    {
        float[] input = new Seeded(41).Values(100_003);
        KernelSweep.AssertThreadsDoNotMatter("gelu", threads =>
        {
            float[] output = new float[input.Length];
            Elementwise.Apply(ElementFunctionKind.Gelu, input, output, threads);
            return output;
        });
    }

    [Fact]
    public void Apply_LengthsDiffer_Throws()
    {
        using var threads = new KernelThreads(1);
        Assert.Throws<ArgumentException>(() => Elementwise.Apply(ElementFunctionKind.Relu, new float[3], new float[4], threads));
        Assert.Throws<ArgumentOutOfRangeException>(() => Elementwise.Apply((ElementFunctionKind)99, new float[3], new float[3], threads));
    }

    private static ElementFunction WithParameters(ElementFunctionKind kind) => kind switch
    {
        ElementFunctionKind.Clip => new ElementFunction(kind, -1.5f, 2.5f),
        ElementFunctionKind.Elu => new ElementFunction(kind, 0.75f),
        ElementFunctionKind.HardSigmoid => new ElementFunction(kind, 0.2f, 0.5f),
        ElementFunctionKind.LeakyRelu => new ElementFunction(kind, 0.1f),
        _ => kind,
    };

    private static double[] Kinks(ElementFunction function) => function.Kind switch
    {
        ElementFunctionKind.Clip => [-1.5, 2.5],
        ElementFunctionKind.HardSigmoid => [-2.5, 2.5],
        ElementFunctionKind.HardSwish => [-3, 3],
        _ => [0],
    };

    private static float[] Inputs(ElementFunctionKind kind)
    {
        var seeded = new Seeded(42);
        bool positive = kind is ElementFunctionKind.Log or ElementFunctionKind.Sqrt;
        float[] values = new float[1003];
        for (int i = 0; i < values.Length; i++)
        {
            float range = (i % 4) switch { 0 => 0.1f, 1 => 1f, 2 => 5f, _ => 30f };
            float value = range * (2f * seeded.NextSingle() - 1f);
            values[i] = positive || kind == ElementFunctionKind.Reciprocal ? Math.Abs(value) + 0.05f : value;
        }

        return values;
    }

    private static double Definition(ElementFunction function, double x) => function.Kind switch
    {
        ElementFunctionKind.Abs => Math.Abs(x),
        ElementFunctionKind.Clip => Math.Clamp(x, function.First, function.Second),
        ElementFunctionKind.Elu => x > 0 ? x : function.First * (Math.Exp(x) - 1),
        ElementFunctionKind.Erf => Erf(x),
        ElementFunctionKind.Exp => Math.Exp(x),
        ElementFunctionKind.Gelu => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))),
        ElementFunctionKind.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        ElementFunctionKind.HardSigmoid => Math.Clamp(function.First * x + function.Second, 0, 1),
        ElementFunctionKind.HardSwish => x * Math.Clamp(x / 6 + 0.5, 0, 1),
        ElementFunctionKind.LeakyRelu => x > 0 ? x : function.First * x,
        ElementFunctionKind.Log => Math.Log(x),
        ElementFunctionKind.Negate => -x,
        ElementFunctionKind.Reciprocal => 1 / x,
        ElementFunctionKind.Relu => Math.Max(x, 0),
        ElementFunctionKind.Sigmoid => 1 / (1 + Math.Exp(-x)),
        ElementFunctionKind.Sign => Math.Sign(x),
        ElementFunctionKind.Sqrt => Math.Sqrt(x),
        ElementFunctionKind.Swish => x / (1 + Math.Exp(-x)),
        ElementFunctionKind.Tanh => Math.Tanh(x),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    /// <summary>The error function by its Taylor series, or by the continued fraction of its complement.</summary>
    private static double Erf(double x)
    {
        double size = Math.Abs(x);
        if (size > 6)
        {
            return Math.Sign(x);
        }

        if (size < 3)
        {
            double term = x;
            double sum = x;
            for (int n = 1; n < 100; n++)
            {
                term *= -x * x / n;
                sum += term / (2 * n + 1);
            }

            return 2 / Math.Sqrt(Math.PI) * sum;
        }

        double fraction = size;
        for (int n = 60; n > 0; n--)
        {
            fraction = size + n / 2.0 / fraction;
        }

        return Math.Sign(x) * (1 - Math.Exp(-size * size) / Math.Sqrt(Math.PI) / fraction);
    }
}
