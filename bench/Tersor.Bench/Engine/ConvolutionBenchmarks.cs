using BenchmarkDotNet.Attributes;
using Tersor.Engine.Kernels;

namespace Tersor.Bench.Engine;

/// <summary>Convolutions of ResNet-20 on CIFAR-10, of SqueezeNet and of MobileNet: forward and both gradients.</summary>
[Config(typeof(FloatingPointRateConfig))]
[MemoryDiagnoser]
public class ConvolutionBenchmarks
{
    private KernelThreads _threads = null!;
    private float[] _input = [];
    private float[] _weight = [];
    private float[] _bias = [];
    private float[] _output = [];
    private float[] _inputGradient = [];
    private float[] _weightGradient = [];

    [ParamsSource(nameof(Problems))]
    public ConvolutionProblem Problem { get; set; } = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    public static IEnumerable<ConvolutionProblem> Problems =>
    [
        new("first 3->16", new ConvolutionShape(32, 3, 32, 32, 16, 3, 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1)),
        new("stage 1 16->16", new ConvolutionShape(32, 16, 32, 32, 16, 3, 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1)),
        new("stride 16->32", new ConvolutionShape(32, 16, 32, 32, 32, 3, 3, 2, 2, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1)),
        new("stage 2 32->32", new ConvolutionShape(32, 32, 16, 16, 32, 3, 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1)),
        new("stage 3 64->64", new ConvolutionShape(32, 64, 8, 8, 64, 3, 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1)),
        new("squeeze 64->16", new ConvolutionShape(8, 64, 55, 55, 16, 1, 1)),
        new("expand 16->64", new ConvolutionShape(8, 16, 55, 55, 64, 1, 1)),
        new("expand 64->256", new ConvolutionShape(8, 64, 13, 13, 256, 3, 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1)),
        new("depthwise 256", new ConvolutionShape(8, 256, 14, 14, 256, 3, 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1, groups: 256)),
    ];

    [GlobalSetup]
    public void Setup()
    {
        ConvolutionShape shape = Problem.Shape;
        _threads = new KernelThreads(Threads);
        _input = KernelData.Values(shape.InputLength, 1);
        _weight = KernelData.Values(shape.WeightLength, 2);
        _bias = KernelData.Values(shape.OutputChannels, 3);
        _output = KernelData.Values(shape.OutputLength, 4);
        _inputGradient = new float[shape.InputLength];
        _weightGradient = new float[shape.WeightLength];
    }

    [GlobalCleanup]
    public void Cleanup() => _threads.Dispose();

    [Benchmark]
    public void Forward() => Convolution.Forward(Problem.Shape, _input, _weight, _bias, default, Activation.Relu, _output, _threads);

    [Benchmark]
    public void BackwardInput() => Convolution.BackwardInput(Problem.Shape, _weight, _output, _inputGradient, false, _threads);

    [Benchmark]
    public void BackwardWeight() => Convolution.BackwardWeight(Problem.Shape, _input, _output, _weightGradient, false, _threads);
}

/// <summary>A convolution with a name.</summary>
public sealed record ConvolutionProblem(string Name, ConvolutionShape Shape) : IFloatingPointWork
{
    public double Operations => 2.0 * Shape.MultiplyAdds;

    public override string ToString() => Name;
}
