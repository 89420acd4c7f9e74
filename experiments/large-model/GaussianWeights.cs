using System.Buffers.Binary;

namespace LargeModel;

/// <summary>Weights of deviation 0.05, by the sum of eight uniform numbers of 16 bits; the same on every machine for one seed.</summary>
internal sealed class GaussianWeights(ulong seed)
{
    private const float Deviation = 0.05f;

    // A sum of eight uniform numbers of 0..1 has the variance 8/12.
    private static readonly float Scale = Deviation / (65536 * MathF.Sqrt(8f / 12));

    private ulong _state = seed;

    /// <summary>Fills whole little-endian binary32 elements.</summary>
    public void Fill(Span<byte> destination)
    {
        for (; destination.Length >= sizeof(float); destination = destination[sizeof(float)..])
            BinaryPrimitives.WriteSingleLittleEndian(destination, (SumOfFour(Next()) + SumOfFour(Next()) - (8 * 32767.5f)) * Scale);
    }

    private static float SumOfFour(ulong bits) => (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);

    // SplitMix64.
    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
