using Tersor.Engine.Training;
using Tersor.Tests;

namespace Tersor.Engine.Tests.Training;

public class LossTests
{
    [Fact]
    public void Cross_entropy_of_equal_outputs_is_the_logarithm_of_their_number()
    {
        float[] gradient = new float[4];
        Assert.Equal(Math.Log(4), new CrossEntropyLoss().Compute([1, 1, 1, 1], 1, new LossTargets([2]), gradient), 6);
        Assert.Equal([0.25f, 0.25f, -0.75f, 0.25f], gradient);
    }

    [Fact]
    public void Squared_error_is_the_mean_of_squares()
    {
        float[] gradient = new float[2];
        Assert.Equal(2.5, new MeanSquaredErrorLoss().Compute([1, 2], 1, new LossTargets([2f, 4f]), gradient), 6);
        Assert.Equal([-1f, -2f], gradient);
    }

    [Fact]
    public void Divergence_from_oneself_is_nothing()
    {
        float[] gradient = new float[3];
        Assert.Equal(0, new KullbackLeiblerLoss(3).Compute([1, 2, 3], 1, new LossTargets([1f, 2f, 3f]), gradient), 9);
        Assert.All(gradient, value => Assert.Equal(0, value, 6));
    }

    [Theory]
    [InlineData("cross-entropy")]
    [InlineData("smoothed")]
    [InlineData("squared")]
    [InlineData("divergence")]
    public void A_gradient_is_the_slope_of_the_loss(string name)
    {
        Loss loss = name switch
        {
            "cross-entropy" => new CrossEntropyLoss(),
            "smoothed" => new CrossEntropyLoss(0.2f),
            "squared" => new MeanSquaredErrorLoss(),
            _ => new KullbackLeiblerLoss(2),
        };
        Seeded random = new(1);
        float[] outputs = [.. Enumerable.Range(0, 12).Select(_ => random.NextGaussian())];
        float[] targets = [.. Enumerable.Range(0, 12).Select(_ => random.NextGaussian())];
        int[] labels = [3, 0, 1];
        float[] gradient = new float[12];
        float[] ignored = new float[12];
        Value(gradient);
        for (int i = 0; i < outputs.Length; i++)
        {
            float before = outputs[i];
            outputs[i] = before + 0.01f;
            double above = Value(ignored);
            outputs[i] = before - 0.01f;
            double below = Value(ignored);
            outputs[i] = before;
            Assert.Equal((above - below) / 0.02, gradient[i], 4);
        }

        double Value(float[] into) => loss.Compute(outputs, 3, loss.UsesLabels ? new LossTargets(labels) : new LossTargets(targets), into);
    }

    [Fact]
    public void A_label_out_of_range_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CrossEntropyLoss().Compute(new float[4], 1, new LossTargets([4]), new float[4]));
}
