namespace Tersor.Compression.Budgets;

/// <summary>A group of tensors with several settings.</summary>
/// <param name="Group">Its number in the space.</param>
/// <param name="Steps">For each factor of the weight of the bits, in order of rising places; at least one.</param>
public sealed record GroupAssessment(int Group, IReadOnlyList<AssessedStep> Steps)
{
    /// <summary>
    /// A step for every place from the first to the last assessed with each factor, so many places apart: bytes and drop on straight lines between those that were measured,
    /// the distance on straight lines of its logarithm, as it grows by powers of the step.
    /// </summary>
    /// <param name="placesPerStep">Places from a step to the next.</param>
    public IReadOnlyList<AssessedStep> Filled(int placesPerStep = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(placesPerStep, 1);
        List<AssessedStep> filled = [];
        AssessedStep? last = null;
        foreach (AssessedStep next in Steps)
        {
            if (last is { } from && from.Setting.LambdaFactor == next.Setting.LambdaFactor)
            {
                for (int place = from.Setting.Place + placesPerStep; place < next.Setting.Place; place += placesPerStep) filled.Add(Between(from, next, place));
            }

            filled.Add(next);
            last = next;
        }

        return filled;
    }

    private static AssessedStep Between(AssessedStep from, AssessedStep to, int place)
    {
        double part = (double)(place - from.Setting.Place) / (to.Setting.Place - from.Setting.Place);
        double logarithm = Math.Log(Floor(from.Distance)) + (part * Math.Log(Floor(to.Distance) / Floor(from.Distance)));
        return new AssessedStep(
            from.Setting with { Place = place }, from.Bytes + (part * (to.Bytes - from.Bytes)), Math.Exp(logarithm), from.Drop + (part * (to.Drop - from.Drop)));
    }

    // A distance that rounds to nothing has no logarithm.
    private static double Floor(double distance) => Math.Max(distance, 1e-12);
}
