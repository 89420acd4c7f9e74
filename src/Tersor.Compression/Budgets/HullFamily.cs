using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>
/// The plans that a Lagrangian search can reach: each tensor stands on the lower convex hull of its bytes and its distance, and going from fine to coarse the move
/// with the least distance for each byte that it saves comes next, whichever tensor it is of (Shoham and Gersho 1988). Distances of tensors are taken to add up.
/// </summary>
public sealed class HullFamily : PlanFamily
{
    private readonly CompressionPlan _plan;
    private readonly Dictionary<string, AssessedStep> _finest = new(StringComparer.Ordinal);
    private readonly List<Move> _moves;

    /// <summary>Makes the moves.</summary>
    /// <param name="plan">The settings of all tensors; those that were assessed get other QPs and weights of the bits.</param>
    /// <param name="assessments">The tensors that were assessed.</param>
    public HullFamily(CompressionPlan plan, IReadOnlyList<TensorAssessment> assessments)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(assessments);
        _plan = plan;
        List<Move> moves = [];
        foreach (TensorAssessment tensor in assessments)
        {
            List<AssessedStep> steps = Useful(tensor);
            _finest.Add(tensor.Name, steps[0]);
            moves.AddRange(Moves(tensor.Name, steps));
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
        Dictionary<string, AssessedStep> steps = new(_finest, StringComparer.Ordinal);
        foreach (Move move in _moves.Take(index)) steps[move.Tensor] = move.To;
        return _plan with
        {
            Tensors = [.. _plan.Tensors.Select(tensor => steps.TryGetValue(tensor.Name, out AssessedStep step) ? tensor with { Qp = step.Qp, Lambda = step.Lambda } : tensor)],
        };
    }

    // Those than which none is both smaller and nearer, from the nearest to the smallest.
    private static List<AssessedStep> Useful(TensorAssessment tensor)
    {
        List<AssessedStep> useful = [];
        foreach (AssessedStep step in tensor.Filled().OrderBy(step => step.Distance).ThenBy(step => step.Bytes))
        {
            if (useful.Count == 0 || step.Bytes < useful[^1].Bytes) useful.Add(step);
        }

        return useful;
    }

    // Prices rise along a hull, so that a tensor's moves keep their order among those of all. Steps above an edge of the hull are on the way along it: without them a
    // search could not stop between its ends, which lie far apart where the distance stops growing.
    private static List<Move> Moves(string tensor, List<AssessedStep> steps)
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
            for (int i = hull[edge - 1] + 1; i <= hull[edge]; i++) moves.Add(new Move(tensor, steps[i], price));
        }

        return moves;
    }

    private static double Price(AssessedStep from, AssessedStep to) => (to.Distance - from.Distance) / (from.Bytes - to.Bytes);

    private sealed record Move(string Tensor, AssessedStep To, double Price);
}
