using BenchmarkDotNet.Attributes;
using Tersor.Engine.Kernels;

namespace Tersor.Bench.Engine;

/// <summary>The inner kernel of the matrix product on operands that stay in the first-level cache: the machine's peak of multiply-adds.</summary>
[Config(typeof(FloatingPointRateConfig))]
public unsafe class PeakBenchmarks
{
    private KernelThreads _threads = null!;

    [ParamsSource(nameof(Problems))]
    public PeakProblem Problem { get; set; } = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    public static IEnumerable<PeakProblem> Problems => [new(8, 1000)];

    [GlobalSetup]
    public void Setup() => _threads = new KernelThreads(Threads);

    [GlobalCleanup]
    public void Cleanup() => _threads.Dispose();

    [Benchmark]
    public void MultiplyAdd()
    {
        var job = new PeakJob { Repeats = Problem.Repeats };
        _threads.Run(Problem.Tasks, ref job);
    }

    private struct PeakJob : IKernelJob
    {
        public int Repeats;

        public readonly void Execute(int task, KernelScratch scratch)
        {
            float* left = scratch.Reserve(ScratchUse.PackedLeft, ProductTile.MaxRows * PeakProblem.Depth);
            float* right = scratch.Reserve(ScratchUse.PackedRight, ProductTile.PanelColumns * PeakProblem.Depth);
            float* result = scratch.Reserve(ScratchUse.Partial, ProductTile.MaxRows * ProductTile.PanelColumns);
            var kernel = ProductTile.For(VectorWidths.Widest, ProductTile.MaxRows, indexed: false);
            var panel = new PanelView { Start = right, Stride = ProductTile.PanelColumns };
            for (int i = 0; i < Repeats; i++)
            {
                kernel(PeakProblem.Depth, left, &panel, result, ProductTile.PanelColumns, ProductTile.PanelColumns, false, null);
            }
        }
    }
}

/// <summary>Tiles computed by each of some tasks.</summary>
public sealed record PeakProblem(int Tasks, int Repeats) : IFloatingPointWork
{
    public const int Depth = 256;

    /// <summary>At least that many multiply-adds in eight tasks.</summary>
    public static PeakProblem Of(double multiplyAdds) => new(8, (int)Math.Ceiling(multiplyAdds / (12 * 32 * Depth) / 8));

    public double Operations => 2.0 * 12 * 32 * Depth * Tasks * Repeats;

    public override string ToString() => "peak";
}
