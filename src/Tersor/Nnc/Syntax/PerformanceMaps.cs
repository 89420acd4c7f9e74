namespace Tersor.Nnc.Syntax;

/// <summary>
/// Performance maps (section 3.7): tables of thresholds and accuracies that say how far a model was or could be reduced. Informative only: they are read
/// to find what lies behind them. Counts are stored as value, the loops run one time less.
/// </summary>
internal static class PerformanceMaps
{
    /// <summary>Reads the maps that a parameter set flags, in the order of the syntax.</summary>
    public static void Skip(ref BitReader reader, bool sparsification, bool pruning, bool unification, bool decomposition)
    {
        if (sparsification) SkipReductions(ref reader, leadingSingles: 3);
        if (pruning) SkipReductions(ref reader, leadingSingles: 2);
        if (unification) SkipUnification(ref reader);
        if (decomposition) SkipDecomposition(ref reader);
    }

    private static void SkipReductions(ref BitReader reader, int leadingSingles)
    {
        for (uint left = reader.ReadBits(8); left > 1; left--)
        {
            SkipSingles(ref reader, leadingSingles);
            SkipClassAccuracies(ref reader);
        }
    }

    private static void SkipUnification(ref BitReader reader)
    {
        for (uint left = reader.ReadBits(8); left > 1; left--)
        {
            for (long dimension = reader.ReadExpGolomb(1); dimension > 1; dimension--) reader.ReadExpGolomb(7);
            reader.ReadAlignment();
            SkipByteList(ref reader);
            SkipByteList(ref reader);
            SkipSingles(ref reader, 2);
            SkipClassAccuracies(ref reader);
        }
    }

    private static void SkipDecomposition(ref BitReader reader)
    {
        for (uint left = reader.ReadBits(8); left > 1; left--)
        {
            SkipSingles(ref reader, 3);
            SkipSingles(ref reader, (int)reader.ReadBits(16));
        }
    }

    private static void SkipClassAccuracies(ref BitReader reader)
    {
        int classes = (int)reader.ReadBits(8);
        reader.ReadExpGolomb(7);
        SkipSingles(ref reader, classes);
    }

    private static void SkipByteList(ref BitReader reader)
    {
        for (uint left = reader.ReadBits(8); left > 1; left--) reader.ReadBits(8);
    }

    private static void SkipSingles(ref BitReader reader, int count)
    {
        for (int i = 0; i < count; i++) reader.ReadSingle();
    }
}
