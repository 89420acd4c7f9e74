using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>Assesses a model group by group: the tensors of each are coded alone at several places and weights of the bits, decoded, and put into the network.</summary>
public static class SensitivityAssessment
{
    // A weight of the bits that serves at one bit and more empties a tensor all of a sudden below: there coarser steps with a lower weight do better.
    private const double LowRateFactor = 0.25;

    /// <summary>How many trials <see cref="Run"/> makes.</summary>
    public static int TrialCount(PlanSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        return Enumerable.Range(0, space.Groups.Count).Sum(group => Settings(space, group).Count());
    }

    /// <summary>Measures every group, an octave of its steps from trial to trial.</summary>
    /// <param name="space">The groups.</param>
    /// <param name="attempt">Tries a plan for the tensors of one group alone.</param>
    public static IReadOnlyList<GroupAssessment> Run(PlanSpace space, Func<CompressionPlan, BudgetTrial> attempt)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(attempt);
        List<GroupAssessment> assessments = [];
        for (int group = 0; group < space.Groups.Count; group++)
        {
            List<AssessedStep> steps = [];
            foreach (GroupSetting setting in Settings(space, group))
            {
                BudgetTrial trial = attempt(space.Alone(group, setting));
                steps.Add(new AssessedStep(setting, trial.Bytes, trial.Change!.Distance, trial.Change.Top1Drop));
            }

            assessments.Add(new GroupAssessment(group, steps));
        }

        return assessments;
    }

    private static IEnumerable<GroupSetting> Settings(PlanSpace space, int group)
    {
        (int first, int length) = space.Line.Telling.GetOffsetAndLength(space.Line.Count);
        int last = first + length - 1;
        for (int place = first; place <= last; place = place < last ? Math.Min(place + space.Line.PlacesPerOctave, last) : place + 1) yield return new GroupSetting(place);
        if (space.FixesLambda || !space.Alone(group, new GroupSetting(space.Line.Start)).Tensors.Any(tensor => tensor.Lambda > 0)) yield break;
        for (int place = space.Line.Start; place <= last; place += space.Line.PlacesPerOctave) yield return new GroupSetting(place, LowRateFactor);
    }
}
