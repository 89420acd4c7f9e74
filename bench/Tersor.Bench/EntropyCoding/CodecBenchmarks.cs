using System.IO.Compression;
using BenchmarkDotNet.Attributes;
using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Bench.EntropyCoding;

/// <summary>
/// The entropy coder on the levels of ten million <see cref="BenchmarkWeights"/>, with the general compressor of the base class library on the same levels as
/// bytes for a baseline.
/// </summary>
[MemoryDiagnoser]
[WeightCount(BenchmarkWeights.Count)]
public class CodecBenchmarks
{
    private readonly int[] _levels = new int[BenchmarkWeights.Count];
    private readonly int[] _decoded = new int[BenchmarkWeights.Count];
    private readonly byte[] _bytes = new byte[BenchmarkWeights.Count];
    private byte[] _payload = [];
    private byte[] _brotli = [];

    [ParamsSource(nameof(Kinds))]
    public string Weights { get; set; } = "gaussian";

    [Params(false, true)]
    public bool Dependent { get; set; }

    public static IEnumerable<string> Kinds => BenchmarkWeights.Kinds;

    private double Step => BenchmarkWeights.StepOf(Weights);

    private LevelSyntax Syntax => new()
    {
        Dialect = NncDialect.EditionTwo,
        RowCount = BenchmarkWeights.Count / 1000,
        RowLength = 1000,
        GreaterFlagCount = 11,
        DependentQuantization = Dependent,
    };

    [GlobalSetup]
    public void Prepare()
    {
        float[] weights = BenchmarkWeights.Make(Weights);
        if (Dependent) TrellisQuantizer.Quantize(weights, Step, Syntax, 0, [], _levels);
        else UniformQuantizer.Quantize(weights, Step, _levels);
        for (int i = 0; i < _levels.Length; i++) _bytes[i] = (byte)_levels[i];
        _payload = Encode(searches: true);
        _brotli = BrotliEncode();
        BinRateColumn.BinsOf[(Weights, Dependent)] = CountBins();
        Console.WriteLine($"// {Weights}, dependent {Dependent}: {8.0 * _payload.Length / BenchmarkWeights.Count:F3} bits per weight, brotli {8.0 * _brotli.Length / BenchmarkWeights.Count:F3}");
    }

    [Benchmark(Baseline = true)]
    public bool BrotliDecode() => BrotliDecoder.TryDecompress(_brotli, _bytes, out _);

    [Benchmark]
    public byte[] BrotliEncode()
    {
        byte[] compressed = new byte[BrotliEncoder.GetMaxCompressedLength(_bytes.Length)];
        return BrotliEncoder.TryCompress(_bytes, compressed, out int written, quality: 4, window: 22) ? compressed[..written] : [];
    }

    [Benchmark]
    public int Decode()
    {
        ArithmeticDecoder decoder = new(_payload);
        LevelDecoder.Decode(ref decoder, Syntax, [], [], _decoded);
        return _decoded[^1];
    }

    [Benchmark]
    public byte[] EncodeFixed() => Encode(searches: false);

    [Benchmark]
    public byte[] EncodeSearched() => Encode(searches: true);

    private long CountBins()
    {
        BinHistory bins = new(new ContextLayout(Syntax).Count);
        if (Dependent)
        {
            PlainRunCollector<DependentRule> collector = new(bins, Syntax.GreaterFlagCount);
            LevelWalk.Run(Syntax, [], _levels, SymbolSample.All, ref collector);
        }
        else
        {
            PlainRunCollector<UniformRule> collector = new(bins, Syntax.GreaterFlagCount);
            LevelWalk.Run(Syntax, [], _levels, SymbolSample.All, ref collector);
        }

        long count = bins.BypassBins(SymbolSample.All);
        for (int context = 0; context < new ContextLayout(Syntax).Count; context++) count += bins.Prefix(context).Length;
        return count;
    }

    private byte[] Encode(bool searches)
    {
        ArithmeticEncoder encoder = new(BenchmarkWeights.Count / 2);
        LevelEncoder.Encode(encoder, Syntax, new LevelEncoderOptions { RowSkipping = RowSkipping.Off, SearchesInitialization = searches }, [], [], _levels);
        return encoder.Finish().ToArray();
    }
}
