namespace Tersor.Tests;

/// <summary>SplitMix64: the same numbers on every machine for one seed.</summary>
internal sealed class Seeded(ulong seed)
{
    private ulong _state = seed;

    public ulong NextUInt64()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 up to, not including, <paramref name="max"/>.</summary>
    public int NextInt(int max) => (int)(NextUInt64() % (uint)max);

    /// <summary>0 up to, not including, 1.</summary>
    public float NextSingle() => (NextUInt64() >> 40) * (1f / (1 << 24));

    /// <summary>Mean 0, deviation 1, by the sum of twelve.</summary>
    public float NextGaussian()
    {
        float sum = -6;
        for (int i = 0; i < 12; i++) sum += NextSingle();
        return sum;
    }

    public void Fill(Span<byte> bytes)
    {
        foreach (ref byte b in bytes) b = (byte)NextUInt64();
    }
}
