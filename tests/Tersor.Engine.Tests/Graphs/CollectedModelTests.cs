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
    private const int Inputs = 256;
    private const int Batch = 32;

    private static readonly Preprocessing Akamaster = new() { Mean = [0.485f, 0.456f, 0.406f], Deviation = [0.229f, 0.224f, 0.225f] };
    private static readonly Preprocessing Raw = new() { Scale = 1 };
    private static readonly Preprocessing Caffe = new() { Scale = 1, Mean = [104, 117, 123], IsBgr = true };

    public static TheoryData<string> Names =>
    [
        "lenet-300-100", "lenet5", "resnet20", "resnet56", "resnet8-mlperf-tiny", "mobilenet-v1-0.25-vww", "ds-cnn-kws", "squeezenet-v1.0-deep-compressed",
    ];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Logits_agree_with_those_recorded_from_ONNX_Runtime(string name) => Compare(name, TestAssets.Bytes($"engine/{name}.f32"));

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Logits_agree_with_ONNX_Runtime_at_this_moment(string name)
    {
        string modules = OnnxRuntime.RequireModules();
        using TemporaryFolder folder = new();
        OnnxRuntime.Run("record.mjs", modules, SharedAssets.Require(""), Path.GetDirectoryName(folder["x"])!, name);

        Compare(name, File.ReadAllBytes(folder[$"{name}.f32"]));
    }

    private static void Compare(string name, byte[] logits)
    {
        ExecutableGraph graph = Open(name);
        float[] expected = MemoryMarshal.Cast<byte, float>(logits).ToArray();
        Action<int, Span<float>> fill = Input(name);
        using KernelThreads threads = new(2);
        InferencePlan plan = graph.PlanInference(Batch, threads);
        int classes = plan.Output(0).Length / Batch;
        int step = Inputs * classes / expected.Length;
        float largest = expected.Max(MathF.Abs);
        for (int start = 0; start < Inputs; start += Batch)
        {
            fill(start, plan.Input(0));

            plan.Run();

            ReadOnlySpan<float> actual = plan.Output(0);
            for (int i = 0; i < actual.Length; i += step)
            {
                float recorded = expected[((start * classes) + i) / step];
                double difference = Math.Abs(actual[i] - recorded) / largest;
                Assert.True(
                    difference <= LargestRelativeDifference, string.Create(CultureInfo.InvariantCulture, $"input {start + (i / classes)}, class {i % classes}: {actual[i]} against {recorded}"));
            }
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

    // Writes the inputs from one on.
    private static Action<int, Span<float>> Input(string name)
    {
        switch (name)
        {
            case "lenet-300-100" or "lenet5":
                SampleSet digits = MnistFiles.Read(SharedAssets.Require("data/mnist"), isTest: true);
                return (start, input) => Fill(digits, Preprocessing.Default, start, input);
            case "resnet20" or "resnet56" or "resnet8-mlperf-tiny":
                SampleSet objects = CifarFiles.Read10(SharedAssets.Require("data/cifar10"), isTest: true);
                return (start, input) => Fill(objects, name == "resnet8-mlperf-tiny" ? Raw : Akamaster, start, input);
            case "squeezenet-v1.0-deep-compressed":
                SampleSet photographs = NpzSamples.Read(SharedAssets.Require("data/imagenet-sample/sample128.npz"));
                return (start, input) => Fill(photographs, Caffe, start, input);
            case "mobilenet-v1-0.25-vww":
                return Generator(0, 1);
            default:
                return Generator(-20, 40);
        }
    }

    // Behind the last sample come the mirror images of all.
    private static void Fill(SampleSet samples, Preprocessing preprocessing, int start, Span<float> input)
    {
        int length = (int)samples.SampleShape.ElementCount;
        int width = (int)samples.SampleShape[2];
        float[] pixels = new float[length];
        for (int i = 0; i * length < input.Length; i++)
        {
            samples.CopyTo((start + i) % samples.Count, pixels);
            for (int row = 0; start + i >= samples.Count && row < length; row += width) pixels.AsSpan(row, width).Reverse();
            preprocessing.Apply(samples.SampleShape, pixels, input.Slice(i * length, length));
        }
    }

    private static Action<int, Span<float>> Generator(double low, double range)
    {
        uint state = 1;
        return (_, input) =>
        {
            foreach (ref float value in input)
            {
                state = (state * 1664525) + 1013904223;
                value = (float)((state / 4294967296.0 * range) + low);
            }
        };
    }
}
