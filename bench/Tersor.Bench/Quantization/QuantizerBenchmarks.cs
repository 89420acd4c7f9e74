using BenchmarkDotNet.Attributes;
using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Bench.Quantization;

/// <summary>The quantizers on ten million <see cref="BenchmarkWeights"/>.</summary>
[MemoryDiagnoser]
[WeightCount(BenchmarkWeights.Count)]
public class QuantizerBenchmarks
{
    private const int Count = BenchmarkWeights.Count;
    private readonly int[] _levels = new int[Count];
    private readonly float[] _values = new float[Count];
    private float[] _weights = [];

    [ParamsSource(nameof(Kinds))]
    public string Weights { get; set; } = "gaussian";

    public static IEnumerable<string> Kinds => BenchmarkWeights.Kinds;

    private double Step => BenchmarkWeights.StepOf(Weights);

    [GlobalSetup]
    public void MakeWeights() => _weights = BenchmarkWeights.Make(Weights);

    [Benchmark(Baseline = true)]
    public void Nearest() => UniformQuantizer.Quantize(_weights, Step, _levels);

    [Benchmark]
    public void Dequantize() => UniformQuantizer.Dequantize(_levels, Step, _values);

    [Benchmark]
    public QuantizationError Error() => QuantizationError.OfLevels(_weights, _levels, Step);

    [Benchmark]
    public void RateDistortion() => RateDistortionQuantizer.Quantize(_weights, Step, Syntax(dependent: false), 1, [], _levels);

    [Benchmark]
    public void Trellis() => TrellisQuantizer.Quantize(_weights, Step, Syntax(dependent: true), 0, [], _levels);

    [Benchmark]
    public void TrellisWithRate() => TrellisQuantizer.Quantize(_weights, Step, Syntax(dependent: true), 1, [], _levels);

    [Benchmark]
    public void Codebook() => CodebookQuantizer.Quantize(_weights, Step, [-4, -3, -2, -1, 0, 1, 2, 3, 4], _levels);

    [Benchmark]
    public double[] KMeansOf32() => KMeans.FindCentroids(_weights, 32);

    private static LevelSyntax Syntax(bool dependent) => new()
    {
        Dialect = NncDialect.EditionTwo,
        RowCount = Count / 1000,
        RowLength = 1000,
        GreaterFlagCount = 10,
        DependentQuantization = dependent,
    };
}
