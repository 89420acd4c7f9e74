namespace Tersor.Engine.Training;

/// <summary>The learning rate over a training, as a factor of the one set: 0 is nothing, 1 the full rate.</summary>
public abstract record LearningRateSchedule
{
    /// <summary>Part of the training, 0 up to 1, in which the rate rises from nothing before the schedule proper begins.</summary>
    public double WarmUp { get; init; }

    /// <summary>The factor of a step.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="totalSteps">Of the whole training.</param>
    public double FactorAt(long step, long totalSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(totalSteps);
        double place = (double)step / totalSteps;
        double warm = WarmUp * totalSteps;
        return step < warm ? (step + 1) / Math.Max(1, warm) * Factor(0) : Factor((place - WarmUp) / Math.Max(1e-12, 1 - WarmUp));
    }

    /// <summary>The factor at a place of the training behind the warm-up, 0 up to 1.</summary>
    protected abstract double Factor(double place);
}

/// <summary>The full rate all along.</summary>
public sealed record ConstantSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    protected override double Factor(double place) => 1;
}

/// <summary>The rate is multiplied at given places.</summary>
/// <param name="Places">Parts of the training, rising, such as 0.5 and 0.75.</param>
/// <param name="Multiplier">Such as 0.1.</param>
public sealed record StepSchedule(IReadOnlyList<double> Places, double Multiplier = 0.1) : LearningRateSchedule
{
    /// <inheritdoc/>
    protected override double Factor(double place) => Math.Pow(Multiplier, Places.Count(at => place >= at));
}

/// <summary>Half a cosine from the full rate to a last part of it.</summary>
/// <param name="LastFactor">The factor at the end.</param>
public sealed record CosineSchedule(double LastFactor = 0) : LearningRateSchedule
{
    /// <inheritdoc/>
    protected override double Factor(double place) => LastFactor + ((1 - LastFactor) * 0.5 * (1 + Math.Cos(Math.PI * place)));
}

/// <summary>Up from a part of the rate to the full one, then down to nearly nothing, both along half a cosine (Smith, Topin 2018).</summary>
/// <param name="Rise">Part of the training in which the rate rises.</param>
/// <param name="FirstFactor">The factor at the start.</param>
/// <param name="LastFactor">The factor at the end.</param>
public sealed record OneCycleSchedule(double Rise = 0.3, double FirstFactor = 0.04, double LastFactor = 1e-4) : LearningRateSchedule
{
    /// <inheritdoc/>
    protected override double Factor(double place) => place < Rise
        ? FirstFactor + ((1 - FirstFactor) * 0.5 * (1 - Math.Cos(Math.PI * place / Rise)))
        : LastFactor + ((1 - LastFactor) * 0.5 * (1 + Math.Cos(Math.PI * (place - Rise) / (1 - Rise))));
}
