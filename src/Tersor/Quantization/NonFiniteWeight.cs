using System.Numerics;
using System.Runtime.InteropServices;

namespace Tersor.Quantization;

/// <summary>Finds NaN and infinity, which no step size can represent: callers store such a tensor exactly instead.</summary>
public static class NonFiniteWeight
{
    private const int ExponentMask = 0x7F80_0000;

    /// <summary>Position of the first NaN or infinity, or -1 where every weight is finite.</summary>
    public static int IndexOf(ReadOnlySpan<float> weights)
    {
        ReadOnlySpan<int> patterns = MemoryMarshal.Cast<float, int>(weights);
        int i = 0;
        Vector<int> mask = new(ExponentMask);
        for (; i <= patterns.Length - Vector<int>.Count; i += Vector<int>.Count)
        {
            if (Vector.EqualsAny(new Vector<int>(patterns[i..]) & mask, mask)) break;
        }

        for (; i < patterns.Length; i++)
        {
            if ((patterns[i] & ExponentMask) == ExponentMask) return i;
        }

        return -1;
    }

    /// <summary>Refuses weights that are not all finite.</summary>
    /// <exception cref="ArgumentException">A weight is NaN or infinite; the message names its index.</exception>
    internal static void Refuse(ReadOnlySpan<float> weights)
    {
        int index = IndexOf(weights);
        if (index >= 0) LevelRange.Refuse(index, weights[index], step: 1);
    }
}
