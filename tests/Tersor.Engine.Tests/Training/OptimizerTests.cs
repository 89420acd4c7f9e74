using Tersor.Engine.Training;
using Tersor.Models;

namespace Tersor.Engine.Tests.Training;

/// <summary>Steps worked out by hand.</summary>
public class OptimizerTests
{
    [Fact]
    public void Momentum_gathers_gradients()
    {
        TrainedTensor tensor = Step(new SgdOptimizer(0.5f), 2);
        // v: 1, 1.5; w: 1 - 0.1 - 0.15.
        Assert.All(tensor.Values, value => Assert.Equal(0.75f, value, 6));
    }

    [Fact]
    public void Nesterov_looks_ahead()
    {
        TrainedTensor tensor = Step(new SgdOptimizer(0.5f, nesterov: true), 2);
        // g + momentum v: 1.5, 1.75.
        Assert.All(tensor.Values, value => Assert.Equal(1 - 0.15f - 0.175f, value, 6));
    }

    [Fact]
    public void Decay_applies_to_matrices_only()
    {
        Assert.All(Step(new SgdOptimizer(0, 0.5f), 1).Values, value => Assert.Equal(1 - (0.1f * 1.5f), value, 6));
        Assert.All(Step(new SgdOptimizer(0, 0.5f), 1, new TensorShape(21)).Values, value => Assert.Equal(0.9f, value, 6));
    }

    [Fact]
    public void Adam_moves_by_the_rate_along_a_steady_gradient()
    {
        Assert.All(Step(new AdamOptimizer(), 3).Values, value => Assert.Equal(0.7f, value, 5));
        Assert.All(Step(new AdamOptimizer(weightDecay: 0.5f, decoupled: true), 1).Values, value => Assert.Equal(0.95f - 0.1f, value, 5));
    }

    [Fact]
    public void A_scale_of_zero_freezes_a_tensor()
    {
        TrainedTensor tensor = new("w", new TensorShape(3, 7), new float[21]) { LearningRateScale = 0 };
        tensor.Gradient.AsSpan().Fill(1);
        SgdOptimizer optimizer = new();
        optimizer.Attach([tensor]);
        optimizer.Step(1);
        Assert.All(tensor.Values, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Schedules_have_their_corners()
    {
        Assert.Equal([1, 1, 0.1, 0.1, 0.01], Factors(new StepSchedule([0.4, 0.8]), 5), new Near());
        Assert.Equal([1, 0.75, 0.25], Factors(new CosineSchedule(), 3), new Near());
        Assert.Equal([0.25, 0.5, 0.75, 1, 1, 1, 1, 1], Factors(new ConstantSchedule { WarmUp = 0.5 }, 8), new Near());
        double[] cycle = Factors(new OneCycleSchedule(0.5, 0.1, 0), 10);
        Assert.Equal(0.1, cycle[0], 9);
        Assert.Equal(1, cycle[5], 9);
        Assert.True(cycle[9] < 0.1);
    }

    private static double[] Factors(LearningRateSchedule schedule, int steps) => [.. Enumerable.Range(0, steps).Select(step => schedule.FactorAt(step, steps))];

    private static TrainedTensor Step(Optimizer optimizer, int steps, TensorShape? shape = null)
    {
        float[] values = new float[21];
        values.AsSpan().Fill(1);
        TrainedTensor tensor = new("w", shape ?? new TensorShape(3, 7), values);
        tensor.Gradient.AsSpan().Fill(1);
        optimizer.Attach([tensor]);
        for (int i = 0; i < steps; i++) optimizer.Step(0.1);
        return tensor;
    }

    private sealed class Near : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) < 1e-9;

        public int GetHashCode(double obj) => 0;
    }
}
