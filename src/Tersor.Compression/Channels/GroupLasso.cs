using Tersor.Engine.Training;
using Tersor.Models;

namespace Tersor.Compression.Channels;

/// <summary>
/// Structured sparsity learning (Wen et al. 2016): a penalty <c>strength * sqrt(|g|) * ||w_g||</c> for every group of weights, as the proximal step after each step of the
/// optimizer, <c>w_g *= max(0, 1 - rate * strength * sqrt(|g|) / ||w_g||)</c>, which makes whole groups exactly zero. Where groups cross, one is shrunk after the other. Afterwards
/// <see cref="ChannelSelection.Vanished"/> finds what can be cut.
/// </summary>
public sealed class GroupLasso : TrainingConstraint
{
    private readonly LassoGroups _kind;
    private readonly double _strength;
    private readonly WeightBlock[][] _groups;
    private float[][][] _values = [];

    /// <summary>Makes the groups of a network.</summary>
    /// <param name="groups">Its units; layers whose channels must stay are penalized too, except by <see cref="LassoGroups.Units"/>.</param>
    /// <param name="kind">Which weights vanish together.</param>
    /// <param name="strength">Factor of the penalty, 0 or more; 1e-4 to 1e-2 are common.</param>
    public GroupLasso(ChannelGroups groups, LassoGroups kind, double strength)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (!double.IsFinite(strength) || strength < 0) throw new ArgumentOutOfRangeException(nameof(strength), strength, "0 or more is possible.");
        (_kind, _strength) = (kind, strength);
        _groups = [.. (kind == LassoGroups.Units ? OfUnits(groups) : OfWeights(groups, kind)).Where(blocks => blocks.Length > 0)];
    }

    /// <summary>How many groups there are.</summary>
    public int GroupCount => _groups.Length;

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"group lasso of {_kind} {_strength:R}");

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A weight is not trained as it is, or has another shape.</exception>
    public override void Attach(IReadOnlyList<TrainedTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Dictionary<string, float[]> byName = tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Values, StringComparer.Ordinal);
        _values = Array.ConvertAll(_groups, blocks => Array.ConvertAll(blocks, block => byName.GetValueOrDefault(block.Parameter)
            ?? throw new ArgumentException($"'{block.Parameter}' is not trained as it is; group lasso shrinks weights themselves.", nameof(tensors))));
    }

    /// <inheritdoc/>
    public override void Apply(double learningRate, double progress)
    {
        for (int g = 0; g < _groups.Length; g++)
        {
            double squares = 0;
            int size = 0;
            for (int b = 0; b < _groups[g].Length; b++)
            {
                squares += _groups[g][b].SumOfSquares(_values[g][b]);
                size += _groups[g][b].ElementCount;
            }

            double threshold = learningRate * _strength * Math.Sqrt(size);
            float factor = ShrinkageOf(Math.Sqrt(squares), threshold);
            for (int b = 0; b < _groups[g].Length; b++) _groups[g][b].Scale(_values[g][b], factor);
        }
    }

    /// <summary>The factor by which the proximal step shrinks a group: <c>max(0, 1 - threshold / norm)</c>; 0 for a group of zeros.</summary>
    internal static float ShrinkageOf(double norm, double threshold) => norm > threshold ? (float)(1 - (threshold / norm)) : norm <= threshold ? 0 : 1;

    private static IEnumerable<WeightBlock[]> OfUnits(ChannelGroups groups)
    {
        UnitWeights weights = new(groups);
        return groups.Units.Select(unit => unit.Blocks(groups.ShapeOf, weights.IsWeight).ToArray());
    }

    private static IEnumerable<WeightBlock[]> OfWeights(ChannelGroups groups, LassoGroups kind)
    {
        ChannelRole cut = kind == LassoGroups.Filters ? ChannelRole.Output : ChannelRole.Input;
        foreach (string weight in groups.Weights)
        {
            TensorShape shape = groups.ShapeOf(weight);
            if (groups.Walk.Axes.FirstOrDefault(axis => axis.Parameter == weight && axis.Role == cut)?.Axis is not { } axis) continue;
            for (int index = 0; index < shape[axis]; index++)
            {
                WeightBlock[] slice = [.. WeightBlock.Of(weight, shape, [(axis, [index])])];
                if (kind != LassoGroups.Shapes || shape.Rank <= 2)
                {
                    yield return slice;
                    continue;
                }

                int kernel = (int)new TensorShape(shape.Dimensions[2..]).ElementCount;
                for (int place = 0; place < kernel; place++)
                    yield return [.. slice.Select(block => axis == 0 ? new WeightBlock(weight, block.Start + place, 1, block.Length / kernel, kernel) : block with { Start = block.Start + place, Length = 1 })];
            }
        }
    }
}
