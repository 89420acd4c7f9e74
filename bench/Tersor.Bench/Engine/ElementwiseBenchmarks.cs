using BenchmarkDotNet.Attributes;
using Tersor.Engine.Kernels;

namespace Tersor.Bench.Engine;

/// <summary>What runs between convolutions, on the activations of ResNet-20's first stage for 32 images (2 MiB).</summary>
[MemoryDiagnoser]
public class ElementwiseBenchmarks
{
    private const int Batch = 32;
    private const int Channels = 16;
    private const int Area = 1024;
    private const int Length = Batch * Channels * Area;

    private readonly float[] _input = KernelData.Values(Length, 1);
    private readonly float[] _other = KernelData.Values(Length, 2);
    private readonly float[] _output = new float[Length];
    private readonly float[] _scale = KernelData.Values(Channels, 3);
    private readonly float[] _bias = KernelData.Values(Channels, 4);
    private readonly float[] _mean = new float[Channels];
    private readonly float[] _variance = new float[Channels];
    private readonly float[] _scaleGradient = new float[Channels];
    private readonly float[] _biasGradient = new float[Channels];
    private readonly int[] _places = new int[Length / 4];
    private readonly PoolingShape _pooling = new(Batch * Channels, new WindowAxis(32, 2, 2, 1, 0, 0), new WindowAxis(32, 2, 2, 1, 0, 0));
    private KernelThreads _threads = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _threads = new KernelThreads(Threads);
        BatchNormalization.Training(Batch, Channels, Area, _input, _scale, _bias, 1e-5f, _output, _mean, _variance, _threads);
    }

    [GlobalCleanup]
    public void Cleanup() => _threads.Dispose();

    [Benchmark]
    public void Relu() => Elementwise.Apply(ElementFunctionKind.Relu, _input, _output, _threads);

    [Benchmark]
    public void Gelu() => Elementwise.Apply(ElementFunctionKind.Gelu, _input, _output, _threads);

    [Benchmark]
    public void Add() => Broadcast.Apply(BinaryFunction.Add, [Length], _input, [Length], _other, [Length], _output, _threads);

    [Benchmark]
    public void AddChannelBias() =>
        Broadcast.Apply(BinaryFunction.Add, [Batch, Channels, Area], _input, [Channels, 1], _bias, [Batch, Channels, Area], _output, _threads);

    [Benchmark]
    public void BatchNormalizationTraining() =>
        BatchNormalization.Training(Batch, Channels, Area, _input, _scale, _bias, 1e-5f, _output, _mean, _variance, _threads);

    [Benchmark]
    public void BatchNormalizationBackward() => BatchNormalization.Backward(
        Batch, Channels, Area, _input, _scale, _mean, _variance, 1e-5f, _other, _output, false, _scaleGradient, _biasGradient, false, _threads);

    [Benchmark]
    public void MaximumPooling() => Pooling.Maximum(_pooling, _input, _output.AsSpan(0, _pooling.OutputLength), default, _threads);

    [Benchmark]
    public void MaximumPoolingWithPlaces() => Pooling.Maximum(_pooling, _input, _output.AsSpan(0, _pooling.OutputLength), _places, _threads);

    [Benchmark]
    public void Softmax1000() => Softmax.Forward(false, Length / 1024, 1024, 1, _input, _output, _threads);

    [Benchmark]
    public void ChannelsLast() => Transposition.Permute<float>([Batch, Channels, Area], [0, 2, 1], _input, _output, _threads);
}
