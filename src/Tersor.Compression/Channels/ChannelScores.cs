namespace Tersor.Compression.Channels;

/// <summary>How much each unit matters, by one measure: the least go first.</summary>
public sealed class ChannelScores
{
    private readonly double[] _values;

    /// <summary>Joins units and scores.</summary>
    /// <param name="groups">The units.</param>
    /// <param name="values">A score for each, by number. What is not a number counts as more than any: the unit is kept, and a warning says so.</param>
    /// <param name="warnings">What else is to be told.</param>
    /// <exception cref="ArgumentException">There are not as many scores as units.</exception>
    public ChannelScores(ChannelGroups groups, IReadOnlyList<double> values, params IReadOnlyList<string> warnings)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(warnings);
        if (values.Count != groups.Units.Count) throw new ArgumentException($"{values.Count} scores for {groups.Units.Count} units.", nameof(values));
        Groups = groups;
        _values = [.. values.Select(value => double.IsNaN(value) ? double.PositiveInfinity : value)];
        Warnings = [.. warnings, .. groups.Units.Where(unit => double.IsNaN(values[unit.Number])).Select(unit => $"the score of {unit} is not a number; it is kept")];
    }

    /// <summary>The units.</summary>
    public ChannelGroups Groups { get; }

    /// <summary>What a user should know, a line each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The score of a unit; infinite where it is kept in any case.</summary>
    public double this[ChannelUnit unit] => _values[unit.Number];

    /// <summary>Units with the least first; equal ones by number.</summary>
    internal IEnumerable<ChannelUnit> Ascending(IEnumerable<ChannelUnit> units) => units.OrderBy(unit => this[unit]).ThenBy(unit => unit.Number);
}
