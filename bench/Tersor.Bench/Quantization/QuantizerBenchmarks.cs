using BenchmarkDotNet.Attributes;
using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Bench.Quantization;

/// <summary>Ten million weights at step 0.0375: N(0, 0.05^2), and the same with nine of ten at zero.</summary>
[MemoryDiagnoser]
[WeightCount(GaussianWeights.Count)]
public class QuantizerBenchmarks
{
    private const int Count = GaussianWeights.Count;
    private const double Step = GaussianWeights.Step;
    private readonly int[] _levels = new int[Count];
    private readonly float[] _values = new float[Count];
    private float[] _weights = [];

    [Params("gaussian", "sparse")]
    public string Weights { get; set; } = "gaussian";

    [GlobalSetup]
    public void MakeWeights() => _weights = GaussianWeights.Make(Weights);

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
