namespace Tersor.Quantization;

/// <summary>
/// Sorts numbers in time that grows with their count only, digit by digit from the least significant. Equal numbers keep their order, so that what goes with
/// them is summed in a known one.
/// </summary>
internal static class RadixSort
{
    private const int DigitBits = 11;
    private const int DigitCount = 3;
    private const int ValuesBetweenChecks = 1 << 20;

    /// <summary>Sorts in increasing order, -0 before 0.</summary>
    /// <param name="values">No NaN among them.</param>
    /// <param name="companions">Moved along with the values; empty for none.</param>
    /// <param name="cancellationToken">Checked every million values.</param>
    public static void Sort(Span<float> values, Span<float> companions, CancellationToken cancellationToken = default)
    {
        uint[] keys = new uint[values.Length];
        for (int i = 0; i < keys.Length; i++) keys[i] = KeyOf(BitConverter.SingleToUInt32Bits(values[i]));
        uint[] sortedKeys = new uint[values.Length];
        float[] carried = companions.ToArray();
        float[] sortedCompanions = new float[companions.Length];
        int[] places = new int[1 << DigitBits];
        for (int digit = 0; digit < DigitCount; digit++)
        {
            int shift = digit * DigitBits;
            CountPlaces(keys, shift, places);
            for (int start = 0; start < keys.Length; start += ValuesBetweenChecks)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int end = Math.Min(keys.Length, start + ValuesBetweenChecks);
                for (int i = start; i < end; i++)
                {
                    int place = places[DigitOf(keys[i], shift)]++;
                    sortedKeys[place] = keys[i];
                    if (carried.Length > 0) sortedCompanions[place] = carried[i];
                }
            }

            (keys, sortedKeys) = (sortedKeys, keys);
            (carried, sortedCompanions) = (sortedCompanions, carried);
        }

        for (int i = 0; i < keys.Length; i++) values[i] = BitConverter.UInt32BitsToSingle(BitsOf(keys[i]));
        carried.CopyTo(companions);
    }

    // Where the keys with each digit begin.
    private static void CountPlaces(ReadOnlySpan<uint> keys, int shift, Span<int> places)
    {
        places.Clear();
        foreach (uint key in keys) places[DigitOf(key, shift)]++;
        int before = 0;
        foreach (ref int place in places)
        {
            int count = place;
            place = before;
            before += count;
        }
    }

    private static int DigitOf(uint key, int shift) => (int)(key >> shift) & ((1 << DigitBits) - 1);

    // Unsigned keys that grow with the values: negative numbers reversed, below the others.
    private static uint KeyOf(uint bits) => bits ^ ((uint)((int)bits >> 31) | 0x8000_0000);

    private static uint BitsOf(uint key) => key ^ (~(uint)((int)key >> 31) | 0x8000_0000);
}
