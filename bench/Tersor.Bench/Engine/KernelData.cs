namespace Tersor.Bench.Engine;

/// <summary>Values for benchmarks of kernels: the same on every machine.</summary>
internal static class KernelData
{
    /// <summary>Values in [-1, 1) from a 64-bit linear congruential generator.</summary>
    public static float[] Values(int length, ulong seed)
    {
        var values = new float[length];
        ulong state = seed;
        for (int i = 0; i < length; i++)
        {
            state = state * 6364136223846793005UL + 1442695040888963407UL;
            values[i] = (state >> 40) * (2f / (1 << 24)) - 1f;
        }

        return values;
    }
}
