namespace Tersor.Engine.Training;

/// <summary>
/// A stream of reproducible random numbers: SplitMix64 (Steele, Lea, Flood 2014). Streams for different purposes are derived from one seed by name, so results
/// depend neither on the order of use nor on the number of threads.
/// </summary>
public struct RandomStream
{
    private ulong _state;

    /// <summary>Starts the stream of a seed.</summary>
    public RandomStream(ulong seed)
    {
        _state = seed;
    }

    /// <summary>Starts the stream of a seed for a purpose, such as <c>shuffle</c>.</summary>
    public RandomStream(ulong seed, string purpose)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        _state = Derive(seed, purpose);
    }

    /// <summary>Where the stream stands; a stream started with it goes on.</summary>
    public readonly ulong State => _state;

    /// <summary>A seed for a purpose (FNV-1a over its characters, mixed with the seed).</summary>
    public static ulong Derive(ulong seed, string purpose)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        ulong hash = 0xCBF29CE484222325;
        foreach (char character in purpose) hash = (hash ^ character) * 0x100000001B3;
        return Mix(seed ^ hash);
    }

    /// <summary>A seed for one of a numbered series.</summary>
    public static ulong Derive(ulong seed, long number) => Mix(seed + (0x9E3779B97F4A7C15 * (ulong)(number + 1)));

    /// <summary>The next 64 bits.</summary>
    public ulong NextUInt64() => Mix(_state += 0x9E3779B97F4A7C15);

    /// <summary>0 up to, not including, <paramref name="limit"/>, by Lemire's multiplication.</summary>
    public int NextInt(int limit) => (int)(((NextUInt64() >> 32) * (ulong)(uint)limit) >> 32);

    /// <summary>0 up to, not including, 1, in steps of 2^-24.</summary>
    public float NextSingle() => (NextUInt64() >> 40) * (1f / (1 << 24));

    /// <summary>From <paramref name="low"/> up to, not including, <paramref name="high"/>.</summary>
    public float NextSingle(float low, float high) => low + ((high - low) * NextSingle());

    /// <summary>Normal with mean 0 and deviation 1 (Box and Muller, the cosine half).</summary>
    public float NextGaussian()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - ((NextUInt64() >> 11) * (1.0 / (1L << 53)))));
        return (float)(radius * Math.Cos(2 * Math.PI * ((NextUInt64() >> 11) * (1.0 / (1L << 53)))));
    }

    /// <summary>Puts items into random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int other = NextInt(i + 1);
            (items[i], items[other]) = (items[other], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
