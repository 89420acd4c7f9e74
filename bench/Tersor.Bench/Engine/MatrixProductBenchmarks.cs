using BenchmarkDotNet.Attributes;
using Tersor.Engine.Kernels;

namespace Tersor.Bench.Engine;

/// <summary>
/// The matrix product over square, skinny and transposed shapes. <see cref="PeakBenchmarks"/> in the same run says what the
/// machine could do at best.
/// </summary>
[Config(typeof(FloatingPointRateConfig))]
[MemoryDiagnoser]
public class MatrixProductBenchmarks
{
    private KernelThreads _threads = null!;
    private float[] _a = [];
    private float[] _b = [];
    private float[] _c = [];

    [ParamsSource(nameof(Problems))]
    public ProductProblem Problem { get; set; } = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    public static IEnumerable<ProductProblem> Problems =>
    [
        new(1024, 1024, 1024, false, false),
        new(1024, 1024, 1024, false, true),
        new(256, 256, 256, false, false),
        new(64, 500, 800, false, true),
        new(16, 1024, 144, false, false),
        new(8, 1000, 512, false, true),
        new(1, 1000, 512, false, true),
    ];

    [GlobalSetup]
    public void Setup()
    {
        _threads = new KernelThreads(Threads);
        _a = KernelData.Values(Problem.M * Problem.K, 1);
        _b = KernelData.Values(Problem.N * Problem.K, 2);
        _c = new float[Problem.M * Problem.N];
    }

    [GlobalCleanup]
    public void Cleanup() => _threads.Dispose();

    [Benchmark]
    public void Multiply() => MatrixProduct.Multiply(
        Problem.M,
        Problem.N,
        Problem.K,
        _a,
        Problem.TransposeA ? Problem.M : Problem.K,
        Problem.TransposeA,
        _b,
        Problem.TransposeB ? Problem.K : Problem.N,
        Problem.TransposeB,
        _c,
        Problem.N,
        1f,
        0f,
        _threads);
}

/// <summary>A shape of a matrix product.</summary>
public sealed record ProductProblem(int M, int N, int K, bool TransposeA, bool TransposeB) : IFloatingPointWork
{
    public double Operations => 2.0 * M * N * K;

    public override string ToString() => $"{M}x{N}x{K}{(TransposeA ? " AT" : string.Empty)}{(TransposeB ? " BT" : string.Empty)}";
}
