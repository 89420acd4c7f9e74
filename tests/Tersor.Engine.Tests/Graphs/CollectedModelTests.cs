using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Graphs;

/// <summary>The collected models give what ONNX Runtime gives; <c>tests/assets/engine</c> says how its logits were recorded.</summary>
public class CollectedModelTests
{
    private const double LargestRelativeDifference = 1e-4;

    private static readonly Preprocessing Akamaster = new() { Mean = [0.485f, 0.456f, 0.406f], Deviation = [0.229f, 0.224f, 0.225f] };
    private static readonly Preprocessing Raw = new() { Scale = 1 };
    private static readonly Preprocessing Caffe = new() { Scale = 1, Mean = [104, 117, 123], IsBgr = true };

    [SkippableTheory]
    [InlineData("lenet-300-100")]
    [InlineData("lenet5")]
    [InlineData("resnet20")]
    [InlineData("resnet56")]
    [InlineData("resnet8-mlperf-tiny")]
    [InlineData("mobilenet-v1-0.25-vww")]
    [InlineData("ds-cnn-kws")]
    [InlineData("squeezenet-v1.0-deep-compressed")]
    public void Logits_agree_with_those_recorded_from_ONNX_Runtime(string name)
    {
        ExecutableGraph graph = Open(name);
        float[] expected = MemoryMarshal.Cast<byte, float>(TestAssets.Bytes($"engine/{name}.f32")).ToArray();
        (int count, Action<Span<float>> fill) = Input(name);
        using KernelThreads threads = new(2);
        InferencePlan plan = graph.PlanInference(count, threads);
        fill(plan.Input(0));

        plan.Run();

        ReadOnlySpan<float> actual = plan.Output(0);
        Assert.Equal(expected.Length, actual.Length);
        float largest = expected.Max(MathF.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs(actual[i] - expected[i]) / largest;
            Assert.True(difference <= LargestRelativeDifference, string.Create(CultureInfo.InvariantCulture, $"logit {i}: {actual[i]} against {expected[i]}"));
        }
    }

    [SkippableTheory]
    [InlineData("lenet-300-100", "mnist", 10_000)]
    [InlineData("lenet5", "mnist", 10_000)]
    [InlineData("resnet20", "cifar10", 10_000)]
    [InlineData("resnet8-mlperf-tiny", "cifar10", 10_000)]
    [InlineData("squeezenet-v1.0-deep-compressed", "npz", 128)]
    [Trait("Category", "Slow")]
    public void Accuracy_is_that_of_the_card(string name, string data, int samples)
    {
        ExecutableGraph graph = Open(name);
        string place = SharedAssets.Require(data == "npz" ? "data/imagenet-sample/sample128.npz" : $"data/{data}");
        SampleSet test = DataSource.Parse($"{data}:{place}").Load(DataSplit.Test);
        Preprocessing preprocessing = name switch
        {
            "resnet20" => Akamaster,
            "resnet8-mlperf-tiny" => Raw,
            "squeezenet-v1.0-deep-compressed" => Caffe,
            _ => Preprocessing.Default,
        };
        using KernelThreads threads = new(2);

        Evaluation result = new Evaluator(graph, test.SampleShape, preprocessing, threads, name.StartsWith("squeeze", StringComparison.Ordinal) ? 16 : 100).Run(test);

        using JsonDocument cards = JsonDocument.Parse(File.ReadAllBytes(SharedAssets.Require("models/cards.json")));
        double card = cards.RootElement.GetProperty("models").EnumerateArray()
            .Single(model => model.GetProperty("name").GetString() == name).GetProperty("accuracy")[0].GetProperty("top1").GetDouble();
        Assert.Equal(samples, result.Samples);
        Assert.InRange(Math.Round(result.Top1 * samples), Math.Round(card * samples) - 2, Math.Round(card * samples) + 2);
    }

    private static ExecutableGraph Open(string name)
    {
        using Model model = ModelFormats.Open(SharedAssets.Require($"models/{name}.onnx"));
        return ExecutableGraph.Create(OnnxGraph.FromModel(model));
    }

    private static (int Count, Action<Span<float>> Fill) Input(string name) => name switch
    {
        "lenet-300-100" or "lenet5" => (256, input => Fill(MnistFiles.Read(SharedAssets.Require("data/mnist"), isTest: true), Preprocessing.Default, input)),
        "resnet20" or "resnet56" => (256, input => Fill(CifarFiles.Read10(SharedAssets.Require("data/cifar10"), isTest: true), Akamaster, input)),
        "resnet8-mlperf-tiny" => (256, input => Fill(CifarFiles.Read10(SharedAssets.Require("data/cifar10"), isTest: true), Raw, input)),
        "squeezenet-v1.0-deep-compressed" => (16, input => Fill(NpzSamples.Read(SharedAssets.Require("data/imagenet-sample/sample128.npz")), Caffe, input)),
        "mobilenet-v1-0.25-vww" => (64, input => Generate(0, 1, input)),
        _ => (64, input => Generate(-20, 40, input)),
    };

    private static void Fill(SampleSet samples, Preprocessing preprocessing, Span<float> input)
    {
        int length = (int)samples.SampleShape.ElementCount;
        float[] pixels = new float[length];
        for (int i = 0; i * length < input.Length; i++)
        {
            samples.CopyTo(i, pixels);
            preprocessing.Apply(samples.SampleShape, pixels, input.Slice(i * length, length));
        }
    }

    private static void Generate(double low, double range, Span<float> input)
    {
        uint state = 1;
        foreach (ref float value in input)
        {
            state = (state * 1664525) + 1013904223;
            value = (float)((state / 4294967296.0 * range) + low);
        }
    }
}
