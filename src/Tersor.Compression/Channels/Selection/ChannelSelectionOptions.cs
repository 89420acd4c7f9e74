using System.Text.RegularExpressions;

namespace Tersor.Compression.Channels;

/// <summary>Which layers may lose channels, and how many each keeps.</summary>
public sealed record ChannelSelectionOptions
{
    /// <summary>Only layers one of whose weights matches one of these; all where there are none.</summary>
    public IReadOnlyList<Regex> Only { get; init; } = [];

    /// <summary>Layers one of whose weights matches one of these keep all channels.</summary>
    public IReadOnlyList<Regex> Held { get; init; } = [];

    /// <summary>The share of its channels that every layer keeps at least, from 0 up to 1; one channel stays in any case.</summary>
    public double LeastShareKept { get; init; }

    /// <summary>
    /// Every layer that loses channels keeps a multiple of so many, 1 or more. Runtimes compute in blocks of 8 or 16 channels; a layer cut to a number between can be slower than it was.
    /// </summary>
    public int MultipleKept { get; init; } = 1;

    /// <summary>The layers that may lose channels.</summary>
    /// <exception cref="ChannelPruningException">A pattern matches no weight, or layers are asked for whose channels must stay (all such at once); or no layer is left.</exception>
    internal IReadOnlyList<ChannelSet> Resolve(ChannelGroups groups)
    {
        Check();
        List<string> problems = [];
        foreach (Regex pattern in Only.Concat(Held))
        {
            if (!groups.Weights.Any(pattern.IsMatch)) problems.Add($"'{pattern}' matches no layer; the layers are {string.Join(", ", groups.Weights)}");
        }

        foreach (string weight in groups.Weights.Where(weight => Only.Any(pattern => pattern.IsMatch(weight))))
        {
            if (groups.ReasonToStay(weight) is { } reason) problems.Add($"the channels of '{weight}' must stay: {reason}");
        }

        ChannelSet[] sets = [.. groups.Sets.Where(set => (Only.Count == 0 || set.Weights.Any(Matches(Only))) && !set.Weights.Any(Matches(Held)))];
        if (problems.Count == 0 && sets.Length == 0)
        {
            problems.Add(groups.Weights.Count == 0 ? "there is no convolution or product with a constant weight"
                : groups.Sets.Count > 0 ? "every layer that could lose channels is held"
                : $"no layer can lose channels; those of '{groups.Weights[0]}' must stay: {groups.ReasonToStay(groups.Weights[0])}");
        }

        return problems.Count == 0 ? sets : throw new ChannelPruningException($"{groups.Graph.Source}: {string.Join("; ", problems)}");
    }

    /// <summary>How many channels of a layer go where so many are to: no more, and so that a multiple and the least share stay.</summary>
    internal int Removed(ChannelSet set, int wanted)
    {
        int all = set.Units.Count;
        int least = Math.Max(Math.Max(1, (int)Math.Ceiling(LeastShareKept * all)), all - wanted);
        return Math.Max(0, all - ((least + MultipleKept - 1) / MultipleKept * MultipleKept));
    }

    private void Check()
    {
        if (LeastShareKept is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(LeastShareKept), LeastShareKept, "0 to 1 is possible.");
        if (MultipleKept < 1) throw new ArgumentOutOfRangeException(nameof(MultipleKept), MultipleKept, "1 or more is possible.");
    }

    private static Func<string, bool> Matches(IReadOnlyList<Regex> patterns) => weight => patterns.Any(pattern => pattern.IsMatch(weight));
}
