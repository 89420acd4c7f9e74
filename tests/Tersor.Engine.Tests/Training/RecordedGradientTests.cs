using System.Globalization;
using System.Text.Json;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Training;

/// <summary>Gradients of two collected models against PyTorch's; <c>tests/assets/engine</c> says how those were recorded.</summary>
public class RecordedGradientTests
{
    private const int Images = 4;

    // Of a tensor's gradient norm: both sides sum thousands of binary32 products in different orders.
    private const double Tolerance = 2e-5;

    [SkippableTheory]
    [InlineData("lenet5")]
    [InlineData("resnet20")]
    public void Gradients_agree_with_those_recorded_from_PyTorch(string name)
    {
        using JsonDocument recorded = JsonDocument.Parse(TestAssets.Bytes($"engine/{name}.gradients.json"));
        int first = recorded.RootElement.GetProperty("first").GetInt32();
        bool isMnist = name == "lenet5";
        SampleSet samples = isMnist
            ? MnistFiles.Read(SharedAssets.Require("data/mnist"), isTest: true)
            : CifarFiles.Read10(SharedAssets.Require("data/cifar10"), isTest: true);
        Preprocessing preprocessing = isMnist ? Preprocessing.Default : new Preprocessing { Mean = [0.485f, 0.456f, 0.406f], Deviation = [0.229f, 0.224f, 0.225f] };
        using Model model = ModelFormats.Open(SharedAssets.Require($"models/{name}.onnx"));
        ExecutableGraph graph = ExecutableGraph.Create(OnnxGraph.FromModel(model));
        using KernelThreads threads = new(2);
        TrainingPlan plan = graph.PlanTraining(Images, threads);
        int length = (int)samples.SampleShape.ElementCount;
        float[] pixels = new float[length];
        for (int i = 0; i < Images; i++)
        {
            samples.CopyTo(first + i, pixels);
            preprocessing.Apply(samples.SampleShape, pixels, plan.Input(0).Slice(i * length, length));
        }

        plan.Forward(0);
        int[] labels = [.. Enumerable.Range(0, Images).Select(i => samples.Label(first + i))];
        double loss = new CrossEntropyLoss().Compute(plan.Output(0), Images, new LossTargets(labels), plan.OutputGradient(0));
        plan.Backward();

        Assert.Equal(recorded.RootElement.GetProperty("loss").GetDouble(), loss, 1e-5 * Math.Max(1, loss));
        JsonElement tensors = recorded.RootElement.GetProperty("tensors");
        GraphParameter[] trained = [.. graph.Parameters.Where(parameter => parameter.IsTrainable)];
        Assert.Equal(tensors.EnumerateObject().Select(tensor => tensor.Name).Order(StringComparer.Ordinal), trained.Select(parameter => parameter.Name).Order(StringComparer.Ordinal));
        double largest = tensors.EnumerateObject().Max(tensor => tensor.Value.GetProperty("norm").GetDouble());
        foreach (GraphParameter parameter in trained)
        {
            JsonElement expected = tensors.GetProperty(parameter.Name);
            float[] gradient = parameter.Stored[0].Gradient;
            double norm = expected.GetProperty("norm").GetDouble();
            double allowed = Tolerance * Math.Max(norm, 1e-3 * largest);
            Assert.Equal(expected.GetProperty("count").GetInt32(), gradient.Length);
            Assert.Equal(norm, Math.Sqrt(gradient.Sum(value => (double)value * value)), allowed);
            int step = expected.GetProperty("step").GetInt32();
            int place = 0;
            foreach (JsonElement value in expected.GetProperty("values").EnumerateArray())
            {
                double difference = Math.Abs(value.GetDouble() - gradient[place]);
                Assert.True(difference <= allowed, string.Create(CultureInfo.InvariantCulture, $"{parameter.Name}[{place}]: {gradient[place]}, PyTorch {value.GetDouble()}"));
                place += step;
            }
        }
    }
}
