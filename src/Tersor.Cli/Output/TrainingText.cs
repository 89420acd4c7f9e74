using Tersor.Engine.Data;
using Tersor.Engine.Training;

namespace Tersor.Cli.Output;

/// <summary>What a training came to: curves, and a table of the three splits.</summary>
internal static class TrainingText
{
    private const char TrainMark = '·';
    private const char ValidationMark = '●';

    /// <summary>The learning curves.</summary>
    public static void Write(TextWriter writer, IReadOnlyList<EpochReport> curve)
    {
        new LearningCurveChart("loss", isLogarithmic: true, Numbers.Short)
            .Curve("train", TrainMark, [.. curve.Select(epoch => epoch.TrainLoss)])
            .Curve("validation", ValidationMark, [.. curve.Select(epoch => epoch.ValidationLoss)])
            .Write(writer);
        new LearningCurveChart("accuracy", isLogarithmic: false, Numbers.Percent)
            .Curve("validation", ValidationMark, [.. curve.Select(epoch => epoch.ValidationTop1)])
            .Write(writer);
        writer.WriteLine();
    }

    /// <summary>A row per split that was measured.</summary>
    public static TextTable Table(IReadOnlyList<EpochReport> curve, Evaluation? tested)
    {
        TextTable table = new TextTable().Text("split").Number("samples").Number("loss").Number("top-1").Number("top-5");
        if (curve.Count > 0)
        {
            table.Row("train, last epoch", "", Numbers.Fixed(curve[^1].TrainLoss, 4), "", "");
            if (!double.IsNaN(curve[^1].ValidationLoss)) table.Row("validation", "", Numbers.Fixed(curve[^1].ValidationLoss, 4), Accuracy(curve[^1].ValidationTop1), "");
        }

        if (tested is not null) table.Row("test", Numbers.Count(tested.Samples), Numbers.Fixed(tested.Loss, 4), Accuracy(tested.Top1), Accuracy(tested.Top5));
        return table;
    }

    private static string Accuracy(double share) => double.IsNaN(share) ? "" : Numbers.Percent(share, 2);
}
