namespace Tersor.EntropyCoding;

/// <summary>The adaptive Exp-Golomb code for what a magnitude has beyond its greater-than flags (NNC implementer's text, section 8.2, step 4).</summary>
internal static class RemainderCode
{
    /// <summary>Sends the bins of one remainder.</summary>
    /// <param name="magnitude">The magnitude to be coded.</param>
    /// <param name="reached">What the greater-than flags have said of it: one more than their number, and not more than the magnitude.</param>
    /// <param name="largest">The largest magnitude that a codebook allows, else a huge number.</param>
    /// <param name="sink">Receives the bins.</param>
    public static void Write<TSink>(uint magnitude, uint reached, long largest, ref TSink sink)
        where TSink : struct, IBinSink
    {
        int exponent = 0;
        while (reached + (1L << exponent) <= largest)
        {
            int more = magnitude >= reached + (1L << exponent) ? 1 : 0;
            sink.Bin(ContextLayout.Remainder + exponent, more);
            if (more == 0) break;
            reached += 1u << exponent;
            exponent++;
        }

        sink.Bypass(magnitude - reached, exponent);
    }
}
