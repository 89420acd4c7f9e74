namespace Tersor.Engine.Data;

/// <summary>What an evaluation found. Everything but the time depends on model and data alone.</summary>
public sealed class Evaluation
{
    /// <summary>Samples run.</summary>
    public required int Samples { get; init; }

    /// <summary>Fraction whose highest output is their class; NaN where there are targets.</summary>
    public required double Top1 { get; init; }

    /// <summary>Fraction whose class is among the five highest outputs; NaN where there are targets.</summary>
    public required double Top5 { get; init; }

    /// <summary>Mean cross-entropy of the outputs, which are logits or made by Softmax; mean squared error where there are targets.</summary>
    public required double Loss { get; init; }

    /// <summary>Mean distance of an output from its target; NaN where there are classes.</summary>
    public required double MeanAbsoluteError { get; init; }

    /// <summary>The highest output of each sample, the first of equal ones; empty where there are targets.</summary>
    public required IReadOnlyList<int> Predictions { get; init; }

    /// <summary>Time of the runs, data preparation included.</summary>
    public required double Seconds { get; init; }

    /// <summary>Samples per second.</summary>
    public double SamplesPerSecond => Seconds > 0 ? Samples / Seconds : 0;

    /// <summary>Fraction of the samples for which both evaluations predict the same class; NaN where there are targets.</summary>
    /// <exception cref="ArgumentException">The evaluations are of different numbers of samples.</exception>
    public double AgreementWith(Evaluation other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Samples != Samples) throw new ArgumentException($"{other.Samples} samples cannot be compared with {Samples}.", nameof(other));
        if (Predictions.Count == 0 || other.Predictions.Count == 0) return double.NaN;
        int equal = 0;
        for (int i = 0; i < Predictions.Count; i++)
        {
            if (Predictions[i] == other.Predictions[i]) equal++;
        }

        return (double)equal / Predictions.Count;
    }
}
