using Tersor.Engine.Data;

namespace Tersor.Compression.Answers;

/// <summary>How far a model's answers are from those it gave before it was changed.</summary>
/// <param name="Samples">Samples asked.</param>
/// <param name="Distance">Mean squared difference of an output from what it was before.</param>
/// <param name="Divergence">Mean Kullback-Leibler divergence from the answers before, in nats; NaN for regression.</param>
/// <param name="Same">Samples whose highest output is the same; 0 for regression.</param>
/// <param name="Lost">Samples that were right and no longer are; 0 for regression.</param>
/// <param name="Gained">Samples that were wrong and are right now; 0 for regression.</param>
public sealed record AnswerChange(int Samples, double Distance, double Divergence, int Same, int Lost, int Gained)
{
    /// <summary>What the fraction of right answers loses; negative where it gains.</summary>
    public double Top1Drop => (double)(Lost - Gained) / Samples;

    /// <summary>Fraction of samples whose highest output is the same.</summary>
    public double Agreement => (double)Same / Samples;

    /// <summary>
    /// The standard error of <see cref="Top1Drop"/> as an estimate for all data like these: of paired answers, only those that changed sides make it uncertain (McNemar 1947).
    /// </summary>
    public double StandardError
    {
        get
        {
            double difference = Lost - Gained;
            return Math.Sqrt(Lost + Gained - (difference * difference / Samples)) / Samples;
        }
    }

    /// <summary>The change between two evaluations of classes on the same samples; neither distance nor divergence, as evaluations keep predictions alone.</summary>
    /// <param name="before">Of the model as it was.</param>
    /// <param name="after">Of the model as it is.</param>
    /// <param name="samples">What both were asked.</param>
    public static AnswerChange Between(Evaluation before, Evaluation after, SampleSet samples)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ArgumentNullException.ThrowIfNull(samples);
        AnswerTally tally = new();
        for (int i = 0; i < samples.Count; i++) tally.Add(before.Predictions[i], after.Predictions[i], samples.Label(i));
        return new AnswerChange(samples.Count, double.NaN, double.NaN, tally.Same, tally.Lost, tally.Gained);
    }
}
