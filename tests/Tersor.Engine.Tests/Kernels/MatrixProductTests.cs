using Tersor.Engine.Kernels;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Kernels;

public sealed class MatrixProductTests
{
    // A sum of k products of values up to 1 in single precision.
    private const double Tolerance = 2e-5;

    [Fact]
    public void Multiply_KnownMatrices_GivesKnownProduct()
    {
        using var threads = new KernelThreads(1);
        float[] c = new float[4];
        MatrixProduct.Multiply(2, 2, 3, [1, 2, 3, 4, 5, 6], 3, false, [7, 8, 9, 10, 11, 12], 2, false, c, 2, 1f, 0f, threads);
        Assert.Equal([58f, 64f, 139f, 154f], c);
    }

    [Theory]
    [MemberData(nameof(KernelSweep.Widths), MemberType = typeof(KernelSweep))]
    public void Multiply_AwkwardShapes_AgreesWithDoublePrecision(int width)
    {
        var seeded = new Seeded(20);
        using var threads = new KernelThreads(2);
        for (int trial = 0; trial < 120; trial++)
        {
            var problem = new Problem(seeded, trial % 6 == 0 ? 900 : 60);
            float[] c = (float[])problem.C.Clone();
            problem.Multiply((VectorWidth)width, c, threads);
            KernelSweep.AssertClose(problem.Expected(), c, Tolerance, problem.ToString());
        }
    }

    [Fact]
    public void Multiply_AnyNumberOfThreads_GivesTheSameBits()
    {
        var seeded = new Seeded(21);
        for (int trial = 0; trial < 12; trial++)
        {
            var problem = new Problem(seeded, 700) { M = seeded.Between(1, 150), N = seeded.Between(100, 300), K = seeded.Between(100, 700) };
            problem.Fill(seeded);
            KernelSweep.AssertThreadsDoNotMatter(problem.ToString(), threads =>
            {
                float[] c = (float[])problem.C.Clone();
                problem.Multiply(VectorWidths.Widest, c, threads);
                return c;
            });
        }
    }

    [Fact]
    public void Multiply_LeftOperandBeyondOnePart_AgreesWithDoublePrecision()
    {
        var seeded = new Seeded(22);
        using var threads = new KernelThreads(2);
        var problem = new Problem(seeded, 10) { M = 250, N = 3, K = 30000 };
        problem.Fill(seeded);
        float[] c = (float[])problem.C.Clone();
        problem.Multiply(VectorWidths.Widest, c, threads);
        KernelSweep.AssertClose(problem.Expected(), c, 1e-3, problem.ToString());
    }

    [Fact]
    public void Multiply_BetaZero_DoesNotReadTheResult()
    {
        using var threads = new KernelThreads(1);
        foreach ((int m, int n, int k, bool transpose) in ((int, int, int, bool)[])[(1, 40, 5, false), (1, 40, 30, true), (5, 40, 30, true), (20, 40, 30, false), (3, 3, 0, false)])
        {
            float[] c = new float[m * n];
            Array.Fill(c, float.NaN);
            MatrixProduct.Multiply(m, n, k, new float[m * k], Math.Max(k, 1), false, new float[n * k], transpose ? Math.Max(k, 1) : n, transpose, c, n, 1f, 0f, threads);
            Assert.All(c, value => Assert.Equal(0f, value));
        }
    }

    [Theory]
    [InlineData(1, 50, 20, true)]
    [InlineData(1, 50, 20, false)]
    [InlineData(7, 33, 40, true)]
    [InlineData(40, 70, 500, false)]
    [InlineData(1, 9, 0, false)]
    public void MultiplyWithBias_AddsColumnBiasThenActivation(int m, int n, int k, bool transposeB)
    {
        var seeded = new Seeded(23);
        using var threads = new KernelThreads(2);
        float[] a = seeded.Values(m * k), b = seeded.Values(n * k), bias = seeded.Values(n), c = new float[m * n];
        MatrixProduct.MultiplyWithBias(m, n, k, a, Math.Max(k, 1), false, b, transposeB ? Math.Max(k, 1) : n, transposeB, bias, Activation.Relu, c, n, threads);
        var expected = new double[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = bias[j];
                for (int p = 0; p < k; p++)
                {
                    sum += (double)a[i * k + p] * (transposeB ? b[j * k + p] : b[p * n + j]);
                }

                expected[i * n + j] = Math.Max(sum, 0.0);
            }
        }

        KernelSweep.AssertClose(expected, c, Tolerance, $"{m} x {n} x {k}");
    }

    [Fact]
    public void Multiply_SteadyState_AllocatesNothing()
    {
        using var threads = new KernelThreads(2);
        float[] a = new float[64 * 64], b = new float[64 * 64], c = new float[64 * 64];
        for (int warm = 0; warm < 40; warm++)
        {
            MatrixProduct.Multiply(64, 64, 64, a, 64, false, b, 64, true, c, 64, 1f, 0f, threads);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        MatrixProduct.Multiply(64, 64, 64, a, 64, false, b, 64, true, c, 64, 1f, 0f, threads);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Multiply_SpansOrStridesTooShort_Throws()
    {
        using var threads = new KernelThreads(1);
        float[] four = new float[4];
        Assert.Throws<ArgumentException>(() => MatrixProduct.Multiply(2, 2, 3, four, 3, false, new float[6], 2, false, four, 2, 1f, 0f, threads));
        Assert.Throws<ArgumentException>(() => MatrixProduct.Multiply(2, 2, 2, four, 1, false, four, 2, false, four, 2, 1f, 0f, threads));
        Assert.Throws<ArgumentException>(() => MatrixProduct.Multiply(2, 2, 2, four, 2, false, four, 2, false, new float[3], 2, 1f, 0f, threads));
        Assert.Throws<ArgumentOutOfRangeException>(() => MatrixProduct.Multiply(-1, 2, 2, four, 2, false, four, 2, false, four, 2, 1f, 0f, threads));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(13)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(64)]
    [InlineData(100)]
    public void RowTiles_CoverAllRowsInOrder(int rows)
    {
        var tiles = new RowTiles(rows);
        int next = 0;
        for (int tile = 0; tile < tiles.Count; tile++)
        {
            Assert.Equal(next, tiles.FirstRow(tile));
            Assert.True(tiles.FirstRow(tile) < rows);
            next += tiles.Height(tile);
        }

        Assert.Equal(next, tiles.PaddedRows);
        Assert.InRange(next - rows, 0, 3);
    }

    private sealed class Problem
    {
        public Problem(Seeded seeded, int mostDepth)
        {
            M = seeded.Between(1, seeded.NextInt(2) == 0 ? 5 : 70);
            N = seeded.Between(1, seeded.NextInt(2) == 0 ? 5 : 130);
            K = seeded.Between(1, mostDepth);
            Fill(seeded);
        }

        public int M { get; init; }

        public int N { get; init; }

        public int K { get; init; }

        public float[] C { get; private set; } = [];

        private float[] A { get; set; } = [];

        private float[] B { get; set; } = [];

        private bool TransposeA { get; set; }

        private bool TransposeB { get; set; }

        private int StrideA { get; set; }

        private int StrideB { get; set; }

        private int StrideC { get; set; }

        private float Alpha { get; set; }

        private float Beta { get; set; }

        public void Fill(Seeded seeded)
        {
            TransposeA = seeded.NextInt(2) == 0;
            TransposeB = seeded.NextInt(2) == 0;
            StrideA = (TransposeA ? M : K) + seeded.NextInt(3);
            StrideB = (TransposeB ? K : N) + seeded.NextInt(3);
            StrideC = N + seeded.NextInt(3);
            A = seeded.Values((TransposeA ? K : M) * StrideA);
            B = seeded.Values((TransposeB ? N : K) * StrideB);
            C = seeded.Values(M * StrideC);
            Alpha = seeded.NextInt(2) == 0 ? 1f : 0.75f;
            Beta = 0.5f * seeded.NextInt(3);
        }

        public void Multiply(VectorWidth width, float[] c, KernelThreads threads) =>
            MatrixProduct.Multiply(width, M, N, K, A, StrideA, TransposeA, B, StrideB, TransposeB, c, StrideC, Alpha, Beta, default, Activation.None, threads);

        public double[] Expected()
        {
            // What lies between the rows of C stays as it was.
            double[] expected = [.. C.Select(value => (double)value)];
            for (int i = 0; i < M; i++)
            {
                for (int j = 0; j < N; j++)
                {
                    double sum = 0.0;
                    for (int p = 0; p < K; p++)
                    {
                        sum += (double)(TransposeA ? A[p * StrideA + i] : A[i * StrideA + p]) * (TransposeB ? B[j * StrideB + p] : B[p * StrideB + j]);
                    }

                    expected[i * StrideC + j] = Alpha * sum + Beta * C[i * StrideC + j];
                }
            }

            return expected;
        }

        public override string ToString() =>
            $"{M} x {N} x {K}, transposed {TransposeA} {TransposeB}, strides {StrideA} {StrideB} {StrideC}, alpha {Alpha}, beta {Beta}";
    }
}
