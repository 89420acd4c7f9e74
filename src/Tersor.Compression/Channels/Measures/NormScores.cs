namespace Tersor.Compression.Channels;

/// <summary>Scores by the norms of weights.</summary>
internal static class NormScores
{
    public static ChannelScores Of(ChannelGroups groups, ChannelNorm norm)
    {
        UnitWeights weights = new(groups);
        double[] scores = new double[groups.Units.Count];
        foreach (ChannelSet set in groups.Sets)
        {
            Func<ChannelRecord, bool> counts = set.Units[0].Records.Any(weights.IsWeight) ? weights.IsWeight : _ => true;
            (string Parameter, int Axis)[] slices = [.. set.Units[0].Records.Where(counts).Select(record => (record.Parameter, record.Axis)).Distinct()];
            foreach ((string parameter, int axis) in slices)
            {
                double[] norms = [.. set.Units.Select(unit => NormOf(unit.Blocks(groups.ShapeOf, record => record.Parameter == parameter && record.Axis == axis), weights, norm))];
                double mean = norms.Where(double.IsFinite).DefaultIfEmpty().Average();
                for (int i = 0; i < norms.Length; i++) scores[set.Units[i].Number] += (mean > 0 ? norms[i] / mean : norms[i]) / slices.Length;
            }
        }

        return new ChannelScores(groups, scores);
    }

    /// <summary>The norm of the weights that make a unit, or of those that read it, as a share of the largest of its set: the smaller share of the two.</summary>
    public static ChannelScores SharesOfLargest(ChannelGroups groups)
    {
        UnitWeights weights = new(groups);
        double[] shares = new double[groups.Units.Count];
        Array.Fill(shares, double.PositiveInfinity);
        foreach (ChannelSet set in groups.Sets)
        {
            foreach (ChannelRole role in (ReadOnlySpan<ChannelRole>)[ChannelRole.Output, ChannelRole.Input])
            {
                if (!set.Units[0].Records.Any(record => record.Role == role && weights.IsWeight(record))) continue;
                double[] norms = [.. set.Units.Select(unit => NormOf(unit.Blocks(groups.ShapeOf, record => record.Role == role && weights.IsWeight(record)), weights, ChannelNorm.L2))];
                double largest = norms.Where(double.IsFinite).DefaultIfEmpty().Max();
                for (int i = 0; i < norms.Length; i++)
                {
                    ref double share = ref shares[set.Units[i].Number];
                    share = Math.Min(share, largest > 0 ? norms[i] / largest : norms[i]);
                }
            }
        }

        return new ChannelScores(groups, shares);
    }

    private static double NormOf(IReadOnlyList<WeightBlock> blocks, UnitWeights weights, ChannelNorm norm) => norm == ChannelNorm.L1
        ? blocks.Sum(block => block.SumOfMagnitudes(weights.Of(block.Parameter)))
        : Math.Sqrt(blocks.Sum(block => block.SumOfSquares(weights.Of(block.Parameter))));
}
