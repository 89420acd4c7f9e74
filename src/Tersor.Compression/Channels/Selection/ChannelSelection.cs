namespace Tersor.Compression.Channels;

/// <summary>Which units go. Every layer keeps at least one; the same scores always give the same units.</summary>
public sealed class ChannelSelection
{
    internal ChannelSelection(ChannelGroups groups, IReadOnlyList<ChannelUnit> removed, IReadOnlyList<string> warnings)
    {
        (Groups, Removed, Warnings) = (groups, removed, warnings);
    }

    /// <summary>What is chosen from.</summary>
    public ChannelGroups Groups { get; }

    /// <summary>The units that go, by number.</summary>
    public IReadOnlyList<ChannelUnit> Removed { get; }

    /// <summary>What a user should know, a line each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The same share of every layer, the least important first; fractions of a channel are kept.</summary>
    /// <param name="scores">What is least important.</param>
    /// <param name="share">Share removed, from 0 up to, not including, 1.</param>
    /// <param name="options">Which layers; null for all.</param>
    /// <exception cref="ChannelPruningException">All channels are asked for, or layers that do not exist or must stay.</exception>
    public static ChannelSelection ByShare(ChannelScores scores, double share, ChannelSelectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scores);
        options ??= new ChannelSelectionOptions();
        CheckShare(scores, share);
        List<ChannelUnit> removed = [];
        foreach (ChannelSet set in options.Resolve(scores.Groups))
        {
            int count = Math.Min((int)Math.Floor((share * set.Units.Count) + 1e-9), options.MostRemoved(set));
            removed.AddRange(Removable(scores, set.Units).Take(count));
        }

        return Of(scores, removed);
    }

    /// <summary>A share of all channels of the network, the least important first wherever they are: layers that matter less lose more.</summary>
    /// <param name="scores">What is least important; must be comparable across layers.</param>
    /// <param name="share">Share removed, from 0 up to, not including, 1. Where every layer is down to what it keeps before, less goes, and a warning says so.</param>
    /// <param name="options">Which layers; null for all.</param>
    /// <exception cref="ChannelPruningException">All channels are asked for, or layers that do not exist or must stay.</exception>
    public static ChannelSelection Globally(ChannelScores scores, double share, ChannelSelectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scores);
        options ??= new ChannelSelectionOptions();
        CheckShare(scores, share);
        IReadOnlyList<ChannelSet> sets = options.Resolve(scores.Groups);
        Dictionary<ChannelSet, int> left = sets.ToDictionary(set => set, options.MostRemoved);
        int all = sets.Sum(set => set.Units.Count);
        int wanted = (int)Math.Floor((share * all) + 1e-9);
        List<ChannelUnit> removed = [];
        foreach (ChannelUnit unit in Removable(scores, sets.SelectMany(set => set.Units)))
        {
            if (removed.Count == wanted) break;
            if (left[unit.Set]-- > 0) removed.Add(unit);
        }

        return Of(scores, removed, removed.Count < wanted ? [FormattableString.Invariant($"{wanted} of {all} channels were to go, {removed.Count} can: every layer keeps its least")] : []);
    }

    /// <summary>
    /// Units one after the other, each the one with the least importance for a multiply-add that it saves at that moment, until the network needs no more than a share of its
    /// multiply-adds.
    /// </summary>
    /// <param name="scores">What is least important; must be comparable across layers.</param>
    /// <param name="shareKept">Share of the multiply-adds that may stay, above 0.</param>
    /// <param name="options">Which layers; null for all.</param>
    /// <exception cref="ChannelPruningException">The share is out of reach; the message says what can be reached. Or layers do not exist or must stay.</exception>
    public static ChannelSelection ToMultiplyAdds(ChannelScores scores, double shareKept, ChannelSelectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scores);
        options ??= new ChannelSelectionOptions();
        if (!(shareKept > 0)) throw new ChannelPruningException(FormattableString.Invariant($"{scores.Groups.Graph.Source}: a share of {shareKept} of the multiply-adds leaves no network; more than 0 is possible"));
        IReadOnlyList<ChannelSet> sets = options.Resolve(scores.Groups);
        Dictionary<ChannelSet, Queue<ChannelUnit>> queues = sets.ToDictionary(set => set, set => new Queue<ChannelUnit>(Removable(scores, set.Units).Take(options.MostRemoved(set))));
        MultiplyAddCount count = new(scores.Groups);
        double target = shareKept * count.Total;
        List<ChannelUnit> removed = [];
        while (count.Total > target)
        {
            ChannelUnit? best = null;
            double least = double.PositiveInfinity;
            foreach (ChannelSet set in sets)
            {
                if (!queues[set].TryPeek(out ChannelUnit? next)) continue;
                double price = scores[next] / Math.Max(1, count.SavedBy(next));
                if (price < least || best is null) (best, least) = (next, price);
            }

            if (best is null)
            {
                throw new ChannelPruningException(FormattableString.Invariant(
                    $"{scores.Groups.Graph.Source}: {count.Total:N0} of {target / shareKept:N0} multiply-adds stay when every layer keeps its least; a share of {shareKept} is out of reach, ask for {count.Total * shareKept / target:F3} or more"));
            }

            queues[best.Set].Dequeue();
            count.Remove(best);
            removed.Add(best);
        }

        return Of(scores, removed);
    }

    /// <summary>
    /// Units whose weights have vanished, as training with <see cref="GroupLasso"/> makes them: the norm of all weights that make the unit, or of all that read it, is at most a share of
    /// the largest such norm in the layer.
    /// </summary>
    /// <param name="groups">The units of the trained network.</param>
    /// <param name="threshold">Share of the largest norm.</param>
    /// <param name="options">Which layers; null for all.</param>
    /// <exception cref="ChannelPruningException">Layers are asked for that do not exist or must stay.</exception>
    public static ChannelSelection Vanished(ChannelGroups groups, double threshold = 1e-4, ChannelSelectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (threshold is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "0 up to 1 is possible.");
        options ??= new ChannelSelectionOptions();
        ChannelScores shares = NormScores.SharesOfLargest(groups);
        List<ChannelUnit> removed = [];
        foreach (ChannelSet set in options.Resolve(groups)) removed.AddRange(Removable(shares, set.Units).TakeWhile(unit => shares[unit] <= threshold).Take(options.MostRemoved(set)));
        return Of(shares, removed);
    }

    private static void CheckShare(ChannelScores scores, double share)
    {
        if (share is >= 0 and < 1) return;
        string first = scores.Groups.Sets.Count > 0 ? $"'{scores.Groups.Sets[0].Name}'" : "the layers";
        throw new ChannelPruningException(FormattableString.Invariant($"{scores.Groups.Graph.Source}: a share of {share} would leave {first} without channels; 0 up to 1 is possible"));
    }

    private static IEnumerable<ChannelUnit> Removable(ChannelScores scores, IEnumerable<ChannelUnit> units) => scores.Ascending(units).Where(unit => !double.IsPositiveInfinity(scores[unit]));

    private static ChannelSelection Of(ChannelScores scores, IEnumerable<ChannelUnit> removed, params IEnumerable<string> warnings) =>
        new(scores.Groups, [.. removed.OrderBy(unit => unit.Number)], [.. scores.Warnings, .. warnings]);
}
