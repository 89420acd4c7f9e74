using Tersor.Compression.Answers;
using Tersor.Engine.Data;
using Tersor.Models;

namespace Tersor.Compression.Tests.Answers;

public class AnswerChangeTests
{
    [Fact]
    public void Evaluations_differ_by_the_samples_that_changed_sides()
    {
        SampleSet samples = new("six", new TensorShape(1), new float[6], [0, 1, 2, 0, 1, 2]);

        // Right and right, wrong and wrong alike, lost, lost, gained, and wrong in another way, which moves no side.
        AnswerChange change = AnswerChange.Between(Of(0, 0, 2, 0, 2, 0), Of(0, 0, 1, 1, 1, 1), samples);

        Assert.Equal((6, 2, 2, 1), (change.Samples, change.Same, change.Lost, change.Gained));
        Assert.Equal(1 / 6.0, change.Top1Drop, 1e-12);
        Assert.Equal(2 / 6.0, change.Agreement, 1e-12);
    }

    private static Evaluation Of(params int[] predictions) => new()
    {
        Samples = predictions.Length,
        Top1 = double.NaN,
        Top5 = double.NaN,
        Loss = double.NaN,
        MeanAbsoluteError = double.NaN,
        Predictions = predictions,
        Seconds = 0,
    };
}
