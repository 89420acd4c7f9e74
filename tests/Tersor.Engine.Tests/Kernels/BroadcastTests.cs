using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

public sealed class BroadcastTests
{
    public static TheoryData<string> Functions => [.. Enum.GetNames<BinaryFunction>()];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Apply_ShapesOfManyKinds_AgreesWithDefinition(string name)
    {
        BinaryFunction function = Enum.Parse<BinaryFunction>(name);
        var seeded = new Seeded(50);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 60; trial++)
        {
            var operands = new Operands(seeded, function);
            double[] expected = operands.Expected(function);
            foreach (VectorWidth width in Enum.GetValues<VectorWidth>())
            {
                float[] output = new float[expected.Length];
                Broadcast.Apply(width, function, operands.ShapeA, operands.A, operands.ShapeB, operands.B, operands.Shape, output, threads);
                KernelSweep.AssertClose(expected, output, 1e-6, $"{name} of {operands} with {width}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void ApplyGradient_ShapesOfManyKinds_AgreesWithDifferences(string name)
    {
        BinaryFunction function = Enum.Parse<BinaryFunction>(name);
        var seeded = new Seeded(51);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 15; trial++)
        {
            var operands = new Operands(seeded, function);
            float[] direction = seeded.Values(ElementCount.Of(operands.Shape));
            float[] gradientA = new float[operands.A.Length], gradientB = new float[operands.B.Length];
            Broadcast.ApplyGradient(
                function, true, operands.ShapeA, operands.A, operands.ShapeB, operands.B, operands.Shape, direction, gradientA, false, threads);
            Broadcast.ApplyGradient(
                function, false, operands.ShapeA, operands.A, operands.ShapeB, operands.B, operands.Shape, direction, gradientB, false, threads);
            double Loss()
            {
                double[] output = operands.Expected(function);
                double sum = 0.0;
                for (int i = 0; i < output.Length; i++)
                {
                    sum += output[i] * direction[i];
                }

                return sum;
            }

            KernelSweep.AssertGradient($"left of {name} of {operands}", operands.A, gradientA, 1e-3f, 2e-3, Loss);
            KernelSweep.AssertGradient($"right of {name} of {operands}", operands.B, gradientB, 1e-3f, 2e-3, Loss);

            float[] twice = (float[])gradientB.Clone();
            Broadcast.ApplyGradient(
                function, false, operands.ShapeA, operands.A, operands.ShapeB, operands.B, operands.Shape, direction, twice, true, threads);
            KernelSweep.AssertClose([.. gradientB.Select(value => 2.0 * value)], twice, 1e-5, $"added gradient of {name} of {operands}");
        }
    }

    [Fact]
    public void Expand_RepeatsScalesAndAdds()
    {
        using var threads = new KernelThreads(1);
        float[] output = [1, 1, 1, 1, 1, 1];
        Broadcast.Expand([2, 1], [10, 20], [2, 3], output, 0.5f, true, threads);
        Assert.Equal([6f, 6f, 6f, 11f, 11f, 11f], output);
        Broadcast.Expand([3], [1, 2, 3], [2, 3], output, 1f, false, threads);
        Assert.Equal([1f, 2f, 3f, 1f, 2f, 3f], output);
    }

    [Fact]
    public void Apply_LargeRows_AnyNumberOfThreads_GivesTheSameBits()
    {
        float[] a = new Seeded(52).Values(3 * 50_000), b = new Seeded(53).Values(50_000);
        KernelSweep.AssertThreadsDoNotMatter("product", threads =>
        {
            float[] output = new float[a.Length];
            Broadcast.Apply(BinaryFunction.Multiply, [3, 50_000], a, [50_000], b, [3, 50_000], output, threads);
            return output;
        });
    }

    [Fact]
    public void Apply_ShapesDoNotAgree_Throws()
    {
        using var threads = new KernelThreads(1);
        Assert.Throws<ArgumentException>(() => Broadcast.Apply(BinaryFunction.Add, [2], new float[2], [3], new float[3], [3], new float[3], threads));
        Assert.Throws<ArgumentException>(() => Broadcast.Apply(BinaryFunction.Add, [3], new float[2], [3], new float[3], [3], new float[3], threads));
        Assert.Throws<ArgumentException>(() => Broadcast.Apply(BinaryFunction.Add, [1, 3], new float[3], [3], new float[3], [3], new float[3], threads));
    }

    private sealed class Operands
    {
        public Operands(Seeded seeded, BinaryFunction function)
        {
            int rank = seeded.Between(0, 4);
            Shape = [.. Enumerable.Range(0, rank).Select(_ => seeded.Between(1, seeded.NextInt(3) == 0 ? 40 : 4))];
            ShapeA = Narrow(seeded);
            ShapeB = Narrow(seeded);
            A = seeded.Values(ElementCount.Of(ShapeA));
            B = seeded.Values(ElementCount.Of(ShapeB));
            for (int i = 0; function is BinaryFunction.Power && i < A.Length; i++)
            {
                A[i] = Math.Abs(A[i]) + 0.5f;
            }

            for (int i = 0; function is BinaryFunction.Divide && i < B.Length; i++)
            {
                B[i] += Math.Sign(B[i]);
            }

            for (int i = 0; function is BinaryFunction.Maximum or BinaryFunction.Minimum or BinaryFunction.ParametricRelu && i < A.Length; i++)
            {
                // On a grid that the right operand is off, and off zero: no difference crosses a kink.
                A[i] = (MathF.Round(A[i] * 8f) + 0.5f) / 8f;
            }

            for (int i = 0; function is BinaryFunction.Maximum or BinaryFunction.Minimum && i < B.Length; i++)
            {
                B[i] = MathF.Round(B[i] * 8f) / 8f;
            }
        }

        public int[] Shape { get; }

        public int[] ShapeA { get; }

        public int[] ShapeB { get; }

        public float[] A { get; }

        public float[] B { get; }

        public double[] Expected(BinaryFunction function)
        {
            var output = new double[ElementCount.Of(Shape)];
            for (int i = 0; i < output.Length; i++)
            {
                double a = A[Index(ShapeA, i)];
                double b = B[Index(ShapeB, i)];
                output[i] = function switch
                {
                    BinaryFunction.Add => a + b,
                    BinaryFunction.Subtract => a - b,
                    BinaryFunction.Multiply => a * b,
                    BinaryFunction.Divide => a / b,
                    BinaryFunction.Maximum => Math.Max(a, b),
                    BinaryFunction.Minimum => Math.Min(a, b),
                    BinaryFunction.Power => Math.Pow(a, b),
                    BinaryFunction.ParametricRelu => a > 0 ? a : a * b,
                    _ => throw new ArgumentOutOfRangeException(nameof(function)),
                };
            }

            return output;
        }

        public override string ToString() => $"[{string.Join(',', ShapeA)}] and [{string.Join(',', ShapeB)}] to [{string.Join(',', Shape)}]";

        private int[] Narrow(Seeded seeded)
        {
            int[] shape = [.. Shape.Select(size => seeded.NextInt(3) == 0 ? 1 : size)];
            return shape[(seeded.NextInt(3) == 0 ? seeded.NextInt(shape.Length + 1) : 0)..];
        }

        private int Index(int[] shape, int flat)
        {
            int index = 0;
            int stride = 1;
            for (int fromEnd = 1; fromEnd <= Shape.Length; fromEnd++)
            {
                (flat, int position) = Math.DivRem(flat, Shape[^fromEnd]);
                if (fromEnd <= shape.Length)
                {
                    index += (shape[^fromEnd] == 1 ? 0 : position) * stride;
                    stride *= shape[^fromEnd];
                }
            }

            return index;
        }
    }
}
