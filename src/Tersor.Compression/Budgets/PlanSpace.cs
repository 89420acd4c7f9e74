using Tersor.Models;
using Tersor.Plans;

namespace Tersor.Compression.Budgets;

/// <summary>
/// All plans in which groups of tensors stand at places of their own on a line of plans: what searches choose from. The line decides what a place means to a tensor: a
/// quantization parameter, or an error bound.
/// </summary>
public sealed class PlanSpace
{
    private readonly CompressionPlan?[] _plans;
    private readonly Dictionary<string, int> _groupsByName = new(StringComparer.Ordinal);

    /// <summary>Takes the groups.</summary>
    /// <param name="line">Plans in which all groups move together.</param>
    /// <param name="groups">Names of the tensors of each; tensors in none are at the line's start.</param>
    /// <exception cref="ArgumentException">A tensor is in two groups.</exception>
    public PlanSpace(PlanLine line, IReadOnlyList<IReadOnlyList<string>> groups)
    {
        ArgumentNullException.ThrowIfNull(line);
        ArgumentNullException.ThrowIfNull(groups);
        (Line, Groups) = (line, groups);
        _plans = new CompressionPlan?[line.Count];
        for (int group = 0; group < groups.Count; group++)
        {
            foreach (string name in groups[group]) _groupsByName.Add(name, group);
        }
    }

    /// <summary>Plans in which all groups move together.</summary>
    public PlanLine Line { get; }

    /// <summary>Names of the tensors of each group.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Groups { get; }

    /// <summary>Whether the weight of the bits is somebody's choice, so that no factor may change it.</summary>
    public bool FixesLambda { get; init; }

    /// <summary>Whether factors of the weight of the bits make a difference: plans have one, and nobody fixed it.</summary>
    public bool VariesLambda => !FixesLambda && At(Line.Start).Tensors.Any(tensor => tensor.Lambda > 0 && _groupsByName.ContainsKey(tensor.Name));

    /// <summary>The least change of a place that changes a tensor: a quarter octave, which is what streams can say.</summary>
    public int PlacesPerStep => Math.Max(1, Line.PlacesPerOctave / 4);

    /// <summary>A group for each tensor of two or more dimensions that the line changes, in the order of the model, and one for all others that it changes.</summary>
    /// <param name="line">Plans in which all groups move together.</param>
    /// <param name="model">Says which tensors have how many dimensions.</param>
    /// <param name="fixesLambda">Whether the weight of the bits is somebody's choice.</param>
    public static PlanSpace Of(PlanLine line, Model model, bool fixesLambda = false)
    {
        ArgumentNullException.ThrowIfNull(line);
        ArgumentNullException.ThrowIfNull(model);
        CompressionPlan finest = line.At(0);
        CompressionPlan coarsest = line.At(line.Count - 1);
        string[] searched = [.. finest.Tensors.Zip(coarsest.Tensors).Where(pair => pair.First != pair.Second).Select(pair => pair.First.Name)];
        ILookup<bool, string> isWeight = searched.ToLookup(name => model.Find(name) is { Shape.Rank: >= 2 });
        List<IReadOnlyList<string>> groups = [.. isWeight[true].Select(name => new[] { name })];
        if (isWeight[false].Any()) groups.Add([.. isWeight[false]]);
        return new PlanSpace(line, groups) { FixesLambda = fixesLambda };
    }

    /// <summary>The same space with neighbouring groups joined until there are at most so many.</summary>
    public PlanSpace Joined(int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        if (Groups.Count <= most) return this;
        List<IReadOnlyList<string>> joined = [];
        for (int i = 0; i < most; i++)
        {
            (int from, int to) = (Groups.Count * i / most, Groups.Count * (i + 1) / most);
            joined.Add([.. Groups.Skip(from).Take(to - from).SelectMany(names => names)]);
        }

        return new PlanSpace(Line, joined) { FixesLambda = FixesLambda };
    }

    /// <summary>The plan in which all groups are at one place, as on the line.</summary>
    public CompressionPlan At(int place) => _plans[place] ??= Line.At(place);

    /// <summary>The plan with each group where its setting puts it.</summary>
    /// <param name="settings">One per group.</param>
    public CompressionPlan At(ReadOnlySpan<GroupSetting> settings)
    {
        if (settings.Length != Groups.Count) throw new ArgumentException($"{settings.Length} settings are not those of {Groups.Count} groups.", nameof(settings));
        CompressionPlan start = At(Line.Start);
        TensorPlan[] tensors = [.. start.Tensors];
        for (int i = 0; i < tensors.Length; i++)
        {
            if (_groupsByName.TryGetValue(tensors[i].Name, out int group)) tensors[i] = TensorAt(i, settings[group]);
        }

        return start with { Tensors = tensors };
    }

    /// <summary>The plan for the tensors of one group alone.</summary>
    public CompressionPlan Alone(int group, GroupSetting setting)
    {
        CompressionPlan start = At(Line.Start);
        return start with
        {
            Topology = TopologyCarriage.None,
            Tensors = [.. Enumerable.Range(0, start.Tensors.Count).Where(i => _groupsByName.TryGetValue(start.Tensors[i].Name, out int of) && of == group).Select(i => TensorAt(i, setting))],
        };
    }

    /// <summary>A place on the line, however far beyond its ends is asked for.</summary>
    public int Clamp(int place) => Math.Clamp(place, 0, Line.Count - 1);

    private TensorPlan TensorAt(int index, GroupSetting setting)
    {
        TensorPlan tensor = At(setting.Place).Tensors[index];
        return setting.LambdaFactor == 1 ? tensor : tensor with { Lambda = tensor.Lambda * setting.LambdaFactor };
    }
}
