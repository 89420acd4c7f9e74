namespace Tersor.Compression.Channels;

/// <summary>Scores by the scales of batch normalizations.</summary>
internal static class BatchNormScores
{
    public static ChannelScores Of(ChannelGroups groups)
    {
        UnitWeights weights = new(groups);
        double[] scores = new double[groups.Units.Count];
        List<string> warnings = [];
        foreach (ChannelSet set in groups.Sets)
        {
            bool hasScale = set.Units[0].Records.Any(record => record.Role == ChannelRole.Scale);
            if (!hasScale) warnings.Add($"{set} has no batch normalization; it is kept whole");
            foreach (ChannelUnit unit in set.Units)
            {
                scores[unit.Number] = hasScale
                    ? unit.Records.Where(record => record.Role == ChannelRole.Scale).Average(record => Math.Abs(weights.Of(record.Parameter)[record.Index]))
                    : double.PositiveInfinity;
            }
        }

        return new ChannelScores(groups, scores, warnings);
    }
}
