using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>
/// The plans that a Lagrangian search can reach: each group of tensors stands on the lower convex hull of its bytes and its distance, and going from fine to coarse the move
/// with the least distance for each byte that it saves comes next, whichever group it is of (Shoham and Gersho 1988). Distances of groups are taken to add up.
/// </summary>
public sealed class HullFamily : PlanFamily
{
    private readonly PlanSpace _space;
    private readonly GroupSetting[] _finest;
    private readonly List<Move> _moves;

    /// <summary>Makes the moves.</summary>
    /// <param name="space">The groups; those that were not assessed stay at the line's start.</param>
    /// <param name="assessments">The groups that were assessed.</param>
    public HullFamily(PlanSpace space, IReadOnlyList<GroupAssessment> assessments)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentNullException.ThrowIfNull(assessments);
        _space = space;
        _finest = [.. space.Groups.Select(_ => new GroupSetting(space.Line.Start))];
        List<Move> moves = [];
        foreach (GroupAssessment group in assessments)
        {
            List<AssessedStep> steps = Useful(group.Filled(space.PlacesPerStep));
            _finest[group.Group] = steps[0].Setting;
            moves.AddRange(Moves(group.Group, steps));
        }

        // The sort keeps the order of equal ones: nothing depends on chance.
        _moves = [.. moves.OrderBy(move => move.Price)];
    }

    /// <inheritdoc/>
    public override int Count => _moves.Count + 1;

    /// <inheritdoc/>
    public override CompressionPlan At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        GroupSetting[] settings = [.. _finest];
        foreach (Move move in _moves.Take(index)) settings[move.Group] = move.To.Setting;
        return _space.At(settings);
    }

    // Those than which none is both smaller and nearer, from the nearest to the smallest.
    private static List<AssessedStep> Useful(IReadOnlyList<AssessedStep> steps)
    {
        List<AssessedStep> useful = [];
        foreach (AssessedStep step in steps.OrderBy(step => step.Distance).ThenBy(step => step.Bytes))
        {
            if (useful.Count == 0 || step.Bytes < useful[^1].Bytes) useful.Add(step);
        }

        return useful;
    }

    // Prices rise along a hull, so that a group's moves keep their order among those of all. Steps above an edge of the hull are on the way along it: without them a
    // search could not stop between its ends, which lie far apart where the distance stops growing.
    private static List<Move> Moves(int group, List<AssessedStep> steps)
    {
        List<int> hull = [];
        for (int i = 0; i < steps.Count; i++)
        {
            while (hull.Count > 1 && Price(steps[hull[^2]], steps[i]) <= Price(steps[hull[^2]], steps[hull[^1]])) hull.RemoveAt(hull.Count - 1);
            hull.Add(i);
        }

        List<Move> moves = [];
        for (int edge = 1; edge < hull.Count; edge++)
        {
            double price = Price(steps[hull[edge - 1]], steps[hull[edge]]);
            for (int i = hull[edge - 1] + 1; i <= hull[edge]; i++) moves.Add(new Move(group, steps[i], price));
        }

        return moves;
    }

    private static double Price(AssessedStep from, AssessedStep to) => (to.Distance - from.Distance) / (from.Bytes - to.Bytes);

    private sealed record Move(int Group, AssessedStep To, double Price);
}
