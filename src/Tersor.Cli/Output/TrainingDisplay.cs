using System.Text.Json.Nodes;
using Tersor.Engine.Training;
using Tersor.Models;

namespace Tersor.Cli.Output;

/// <summary>Shows a training as it goes: a line per epoch on stderr, with <c>--json</c> a document per epoch on stdout, and between epochs how far the epoch is.</summary>
internal sealed class TrainingDisplay : IProgress<EpochReport>, IProgress<TrainingStep>
{
    private readonly Invocation _invocation;
    private readonly int _epochs;
    private readonly int _batch;
    private readonly int _samples;
    private long _epochStarted;
    private readonly long _firstStarted;
    private int _epochsHere;

    /// <summary>Starts the clock.</summary>
    /// <param name="invocation">Where to show.</param>
    /// <param name="epochs">Of the whole training.</param>
    /// <param name="batch">Samples of one step.</param>
    /// <param name="samples">Samples of one epoch.</param>
    public TrainingDisplay(Invocation invocation, int epochs, int batch, int samples)
    {
        (_invocation, _epochs, _batch, _samples) = (invocation, epochs, batch, samples);
        _epochStarted = _firstStarted = invocation.Terminal.Clock.GetTimestamp();
    }

    /// <summary>An epoch as JSON; numbers that were not measured are left out.</summary>
    public static JsonObject Fields(EpochReport epoch)
    {
        JsonObject fields = new()
        {
            ["epoch"] = epoch.Epoch,
            ["trainLoss"] = SortedJson.Number(epoch.TrainLoss),
            ["learningRate"] = epoch.LearningRate,
            ["seconds"] = Math.Round(epoch.Seconds, 3),
        };
        if (!double.IsNaN(epoch.ValidationLoss)) fields["validationLoss"] = SortedJson.Number(epoch.ValidationLoss);
        if (!double.IsNaN(epoch.ValidationTop1)) fields["validationTop1"] = epoch.ValidationTop1;
        return fields;
    }

    /// <inheritdoc/>
    public void Report(TrainingStep value)
    {
        double speed = value.Step * (double)_batch / Math.Max(1e-9, SecondsSince(_epochStarted));
        double stepsLeft = value.StepsPerEpoch - value.Step + ((double)(_epochs - value.Epoch) * value.StepsPerEpoch);
        int percent = (int)(100L * value.Step / value.StepsPerEpoch);
        string item = $"{Numbers.Integer(value.Epoch)}/{Numbers.Integer(_epochs)}: {Numbers.Integer(percent),3} %, loss {Numbers.Fixed(value.MeanLoss, 4)}, "
            + $"{Numbers.Count((long)speed)} samples/s, {Durations.Clock(stepsLeft * _batch / speed)} left";
        _invocation.Progress.Report(new ModelProgress("epoch", item, 0, 0));
    }

    /// <inheritdoc/>
    public void Report(EpochReport value)
    {
        _epochsHere++;
        double left = SecondsSince(_firstStarted) / _epochsHere * (_epochs - value.Epoch);
        _epochStarted = _invocation.Terminal.Clock.GetTimestamp();
        string total = Numbers.Integer(_epochs);
        string line = $"epoch {Numbers.Integer(value.Epoch).PadLeft(total.Length)}/{total}: loss {Numbers.Fixed(value.TrainLoss, 4)}";
        if (!double.IsNaN(value.ValidationLoss)) line += $", validation loss {Numbers.Fixed(value.ValidationLoss, 4)}";
        if (!double.IsNaN(value.ValidationTop1)) line += $", accuracy {Numbers.Percent(value.ValidationTop1, 2)}";
        line += $", rate {Numbers.Short(value.LearningRate)}, {Numbers.Count((long)(_samples / Math.Max(1e-9, value.Seconds)))} samples/s, {Durations.Clock(value.Seconds)}";
        if (value.Epoch < _epochs) line += $", {Durations.Clock(left)} left";
        _invocation.Note(line);
        JsonObject document = Fields(value);
        document["schema"] = "tersor.train.epoch";
        document["version"] = Cli.Output.Report.Version;
        _invocation.PrintEvent(document);
    }

    private double SecondsSince(long timestamp) => _invocation.Terminal.Clock.GetElapsedTime(timestamp).TotalSeconds;
}
