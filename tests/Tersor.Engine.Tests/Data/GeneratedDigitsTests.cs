using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Kernels;
using Tersor.Engine.Networks;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

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
    [Trait("Category", "Slow")]
    public void LeNet5_exceeds_98_5_percent() =>
        Assert.InRange(Top1(NetworkArchitectures.Create("lenet5", seed: 1), "digits", epochs: 5, learningRate: 0.01), 0.985, 1);

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
