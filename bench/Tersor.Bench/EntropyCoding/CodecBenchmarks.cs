using System.IO.Compression;
using BenchmarkDotNet.Attributes;
using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Bench.EntropyCoding;

/// <summary>
/// The entropy coder on ten million levels, with the general compressor of the base class library on the same levels as bytes for a baseline. Bins per weight, for
/// bins per second: 2.75 Gaussian and 1.26 sparse without dependent quantization.
/// </summary>
[MemoryDiagnoser]
[WeightCount(GaussianWeights.Count)]
public class CodecBenchmarks
{
    private readonly int[] _levels = new int[GaussianWeights.Count];
    private readonly int[] _decoded = new int[GaussianWeights.Count];
    private readonly byte[] _bytes = new byte[GaussianWeights.Count];
    private byte[] _payload = [];
    private byte[] _brotli = [];

    [Params("gaussian", "sparse")]
    public string Weights { get; set; } = "gaussian";

    [Params(false, true)]
    public bool Dependent { get; set; }

    private LevelSyntax Syntax => new()
    {
        Dialect = NncDialect.EditionTwo,
        RowCount = GaussianWeights.Count / 1000,
        RowLength = 1000,
        GreaterFlagCount = 11,
        DependentQuantization = Dependent,
    };

    [GlobalSetup]
    public void Prepare()
    {
        float[] weights = GaussianWeights.Make(Weights);
        if (Dependent) TrellisQuantizer.Quantize(weights, GaussianWeights.Step, Syntax, 0, [], _levels);
        else UniformQuantizer.Quantize(weights, GaussianWeights.Step, _levels);
        for (int i = 0; i < _levels.Length; i++) _bytes[i] = (byte)_levels[i];
        _payload = Encode(searches: true);
        _brotli = BrotliEncode();
        Console.WriteLine($"// {Weights}, dependent {Dependent}: {8.0 * _payload.Length / GaussianWeights.Count:F3} bits per weight, brotli {8.0 * _brotli.Length / GaussianWeights.Count:F3}");
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

    private byte[] Encode(bool searches)
    {
        ArithmeticEncoder encoder = new(GaussianWeights.Count / 2);
        LevelEncoder.Encode(encoder, Syntax, new LevelEncoderOptions { RowSkipping = RowSkipping.Off, SearchesInitialization = searches }, [], [], _levels);
        return encoder.Finish().ToArray();
    }
}
