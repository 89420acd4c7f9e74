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
            ChannelUnit[] least = [.. Removable(scores, set.Units).Take((int)Math.Floor((share * set.Units.Count) + 1e-9))];
            removed.AddRange(least.Take(options.Removed(set, least.Length)));
        }

        return Of(scores, removed, share > 0 && removed.Count == 0 ? [FormattableString.Invariant($"no layer loses channels: a share of {share} of each is less than what can go")] : []);
    }

    /// <summary>A share of all channels of the network, the least important first wherever they are: layers that matter less lose more.</summary>
    /// <param name="scores">What is least important; must be comparable across layers.</param>
    /// <param name="share">Share removed, from 0 up to, not including, 1. Where layers are down to what they keep before, less goes, and a warning says so.</param>
    /// <param name="options">Which layers; null for all.</param>
    /// <exception cref="ChannelPruningException">All channels are asked for, or layers that do not exist or must stay.</exception>
    public static ChannelSelection Globally(ChannelScores scores, double share, ChannelSelectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scores);
        options ??= new ChannelSelectionOptions();
        CheckShare(scores, share);
        IReadOnlyList<ChannelSet> sets = options.Resolve(scores.Groups);
        int all = sets.Sum(set => set.Units.Count);
        int wanted = (int)Math.Floor((share * all) + 1e-9);
        Dictionary<ChannelSet, List<ChannelUnit>> chosen = sets.ToDictionary(set => set, _ => new List<ChannelUnit>());
        int count = 0;
        foreach (ChannelUnit unit in Removable(scores, sets.SelectMany(set => set.Units)))
        {
            if (count == wanted) break;
            if (chosen[unit.Set].Count == options.Removed(unit.Set, unit.Set.Units.Count)) continue;
            chosen[unit.Set].Add(unit);
            count++;
        }

        ChannelUnit[] removed = [.. chosen.SelectMany(layer => layer.Value.Take(options.Removed(layer.Key, layer.Value.Count)))];
        string missed = FormattableString.Invariant($"{wanted} of {all} channels were to go, {removed.Length} can: layers keep their least{(options.MultipleKept > 1 ? ", and multiples" : "")}");
        return Of(scores, removed, removed.Length < wanted ? [missed] : []);
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
        Dictionary<ChannelSet, ChannelUnit[]> ascending = sets.ToDictionary(set => set, set => Removable(scores, set.Units).ToArray());
        Dictionary<ChannelSet, int> gone = sets.ToDictionary(set => set, _ => 0);
        MultiplyAddCount count = new(scores.Groups);
        double target = shareKept * count.Total;
        while (count.Total > target)
        {
            ChannelUnit[] best = [];
            double least = double.PositiveInfinity;
            foreach (ChannelSet set in sets)
            {
                ChannelUnit[] next = NextOf(set);
                if (next.Length == 0) continue;
                double price = next.Sum(unit => scores[unit]) / Math.Max(1, count.SavedBy(next));
                if (price < least || best.Length == 0) (best, least) = (next, price);
            }

            if (best.Length == 0)
            {
                throw new ChannelPruningException(FormattableString.Invariant(
                    $"{scores.Groups.Graph.Source}: {count.Total:N0} of {target / shareKept:N0} multiply-adds stay when every layer keeps its least; a share of {shareKept} is out of reach, ask for {count.Total * shareKept / target:F3} or more"));
            }

            gone[best[0].Set] += best.Length;
            count.Remove(best);
        }

        return Of(scores, sets.SelectMany(set => ascending[set].Take(gone[set])));

        // The fewest more that leave a multiple.
        ChannelUnit[] NextOf(ChannelSet set)
        {
            for (int wanted = gone[set] + 1; wanted <= ascending[set].Length; wanted++)
            {
                int removed = options.Removed(set, wanted);
                if (removed > gone[set]) return ascending[set][gone[set]..removed];
            }

            return [];
        }
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
        foreach (ChannelSet set in options.Resolve(groups))
        {
            ChannelUnit[] vanished = [.. Removable(shares, set.Units).TakeWhile(unit => shares[unit] <= threshold)];
            removed.AddRange(vanished.Take(options.Removed(set, vanished.Length)));
        }

        return Of(shares, removed);
    }

    /// <summary>
    /// Of each layer the units whose score is less than the layer's mean by more than so many standard deviations: with the scores of <see cref="ChannelImportance.Activity"/> and 1, those whose share of zeros is above the mean by more than a
    /// deviation (Hu et al. 2016, Network Trimming). Layers whose units are alike lose nothing.
    /// </summary>
    /// <param name="scores">What is least important.</param>
    /// <param name="deviations">Standard deviations of the layer's scores, 0 or more.</param>
    /// <param name="options">Which layers; null for all.</param>
    /// <exception cref="ChannelPruningException">Layers are asked for that do not exist or must stay.</exception>
    public static ChannelSelection BelowMean(ChannelScores scores, double deviations, ChannelSelectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (!(deviations >= 0)) throw new ArgumentOutOfRangeException(nameof(deviations), deviations, "0 or more is possible.");
        options ??= new ChannelSelectionOptions();
        List<ChannelUnit> removed = [];
        foreach (ChannelSet set in options.Resolve(scores.Groups))
        {
            ChannelUnit[] removable = [.. Removable(scores, set.Units)];
            if (removable.Length == 0) continue;
            double mean = removable.Average(unit => scores[unit]);
            double deviation = Math.Sqrt(removable.Average(unit => (scores[unit] - mean) * (scores[unit] - mean)));
            int below = removable.TakeWhile(unit => scores[unit] < mean - (deviations * deviation)).Count();
            removed.AddRange(removable.Take(options.Removed(set, below)));
        }

        return Of(scores, removed, removed.Count == 0 ? [FormattableString.Invariant($"no layer loses channels: no score is below its layer's mean by {deviations} deviations, or too few are")] : []);
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
