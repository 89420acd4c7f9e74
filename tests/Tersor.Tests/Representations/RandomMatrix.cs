namespace Tersor.Tests.Representations;

/// <summary>Matrices over the whole plane of entropy against sparsity.</summary>
internal static class RandomMatrix
{
    /// <summary>Values with a share of the first one and a distribution of the others between one of them alone and all alike.</summary>
    public static float[] Values(Seeded random, int rows, int columns, int distinct, double share, bool zero)
    {
        float[] table = new float[distinct];
        for (int i = 0; i < distinct; i++) table[i] = random.NextGaussian();
        if (zero) table[0] = 0;
        double evenness = random.NextSingle();
        float[] values = new float[rows * columns];
        foreach (ref float value in values.AsSpan())
        {
            if (distinct == 1 || random.NextSingle() < share) value = table[0];
            else value = table[1 + (int)(Math.Pow(random.NextSingle(), 1 + (4 * evenness)) * (distinct - 1))];
        }

        return values;
    }

    /// <summary>One of any shape and statistics that tests can afford.</summary>
    public static (int Rows, int Columns, float[] Values) Any(Seeded random, int maxDistinct = 600)
    {
        int rows = random.NextInt(40);
        int columns = random.NextInt(4) == 0 ? random.NextInt(700) : random.NextInt(90);
        int distinct = 1 + random.NextInt(random.NextInt(2) == 0 ? Math.Min(5, maxDistinct) : maxDistinct);
        return (rows, columns, Values(random, rows, columns, distinct, random.NextSingle(), random.NextInt(3) > 0));
    }
}
