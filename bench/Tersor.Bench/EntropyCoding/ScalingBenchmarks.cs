using BenchmarkDotNet.Attributes;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Bench.EntropyCoding;

/// <summary>
/// Whole models by one thread and by two, without files: sixteen tensors of a million weights, and one of sixteen million. Quantized for QP -26 by the trellis, without
/// rate and with it.
/// </summary>
[WeightCount(WeightCount)]
public class ScalingBenchmarks
{
    private const int RowCount = 1000;
    private const int RowLength = 1000;
    private const int TensorCount = 16;
    private const int WeightCount = TensorCount * RowCount * RowLength;
    private Model _several = MakeModel([]);
    private Model _single = MakeModel([]);
    private byte[] _compressed = [];

    [Params(1, 2)]
    public int Threads { get; set; }

    [Params(TensorMethod.Trellis, TensorMethod.TrellisRdo)]
    public TensorMethod Method { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        float[] weights = BenchmarkWeights.Make("gaussian")[..(RowCount * RowLength)];
        float[] all = [.. Enumerable.Repeat(weights, TensorCount).SelectMany(part => part)];
        _several = MakeModel([.. Enumerable.Range(0, TensorCount).Select(i => new Tensor("w" + i, new TensorShape(RowCount, RowLength), weights))]);
        _single = MakeModel([new Tensor("w", new TensorShape(TensorCount * RowCount, RowLength), all)]);
        using MemoryStream stream = new();
        ModelCompressor.Compress(_several, Plan(_several), stream, threads: 2);
        _compressed = stream.ToArray();
    }

    [Benchmark]
    public long CompressSeveralTensors() => ModelCompressor.Compress(_several, Plan(_several), Stream.Null, Threads).TotalBytes;

    [Benchmark]
    public long CompressOneTensor() => ModelCompressor.Compress(_single, Plan(_single), Stream.Null, Threads).TotalBytes;

    [Benchmark]
    public void DecompressSeveralTensors()
    {
        using CompressedModel compressed = CompressedModel.Open(_compressed);
        foreach (Tensor tensor in compressed.ToModel(Threads).Tensors) tensor.Data.CopyTo(Stream.Null);
    }

    private static Model MakeModel(IReadOnlyList<Tensor> tensors) => new("memory", "memory", tensors);

    private CompressionPlan Plan(Model model) => PlanBuilder.Build(model, new PlanOptions { Qp = -26, Method = Method });
}
