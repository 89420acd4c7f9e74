using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Data;

/// <summary>The generated digits tell a network from a linear model.</summary>
public class GeneratedDigitsTests
{
    [Fact]
    public void A_linear_model_stays_under_92_percent()
    {
        NetworkBuilder net = new("linear", 1, 1, 28, 28);
        double top1 = Top1(net.Build(net.Dense("fc", net.Flatten("flatten", net.Input), 10)), "digits:8000,2000", epochs: 6, learningRate: 0.02);
        Assert.InRange(top1, 0.5, 0.92);
    }

    [Fact]
    public void LeNet5_is_far_above_it_with_as_few_images() =>
        Assert.InRange(Top1(NetworkArchitectures.Create("lenet5", seed: 1), "digits:8000,2000", epochs: 2, learningRate: 0.02), 0.96, 1);

    /// <summary>Made by <c>tersor train lenet5 --data digits -o samples/lenet5-digits.onnx</c>.</summary>
    [Fact]
    public void The_sample_network_exceeds_98_5_percent_and_remembers_its_preprocessing()
    {
        using Model model = ModelFormats.Open(Path.Combine(SharedAssets.RepositoryRoot, "samples", "lenet5-digits.onnx"));
        Preprocessing? remembered = Preprocessing.FromMetadata(model.Metadata);
        SampleSet test = DataSource.Parse("digits").Load(DataSplit.Test).Take(2000);
        using KernelThreads threads = new(2);

        Assert.Equal(Preprocessing.Default.ToMetadata(), remembered?.ToMetadata());
        Evaluation evaluation = new Evaluator(ExecutableGraph.Create(OnnxGraph.FromModel(model)), test.SampleShape, remembered!, threads).Run(test);
        Assert.InRange(evaluation.Top1, 0.985, 1);
    }

    private static double Top1(OnnxGraph network, string specification, int epochs, double learningRate)
    {
        DataSource data = DataSource.Parse(specification, seed: 0, validationFraction: 0.05);
        ExecutableGraph graph = ExecutableGraph.Create(network);
        using KernelThreads threads = new(2);
        TrainingOptions options = new()
        {
            Epochs = epochs,
            LearningRate = learningRate,
            Seed = 1,
            Schedule = new OneCycleSchedule(),
            Optimizer = () => new SgdOptimizer(0.9f, 5e-4f, nesterov: true),
            Augmentation = new Augmentation { MaxShift = 1 },
        };
        new Trainer(graph, data.Load(DataSplit.Train), null, Preprocessing.Default, options, threads).Run();
        SampleSet test = data.Load(DataSplit.Test);
        return new Evaluator(graph, test.SampleShape, Preprocessing.Default, threads).Run(test).Top1;
    }
}
