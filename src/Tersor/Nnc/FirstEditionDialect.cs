using Tersor.EntropyCoding;

namespace Tersor.Nnc;

/// <summary>
/// Finds out which of two programs wrote a profile 0 stream: dialects A and C have the same headers and differ in a few bins of every payload, so that the
/// wrong one fails the end check of nearly every unit (section 1).
/// </summary>
/// <remarks>
/// A unit read in the wrong dialect passes by chance about once in a thousand times. A program writes all units in one dialect; so a unit decides only
/// where exactly one dialect fits, and the answer is the same whichever tensor is asked for first.
/// </remarks>
internal static class FirstEditionDialect
{
    private const int MaxProbes = 8;

    // A unit larger than this is not decoded a second time only to see the other dialect fail.
    private const long MaxBytesToDecodeTwice = 1 << 16;

    /// <summary>A unless some unit says C.</summary>
    public static NncDialect Detect(IReadOnlyList<CompressedDataUnit> units, UnitDecoder decoder)
    {
        IEnumerable<CompressedDataUnit> probes = units
            .Where(unit => unit.Unsupported is null && unit.Header.PayloadType != NncPayloadType.RawFloat)
            .OrderBy(unit => unit.PayloadBytes)
            .Take(MaxProbes);
        foreach (CompressedDataUnit unit in probes)
        {
            bool early = decoder.Fits(unit, NncDialect.EditionOne);
            if (early && unit.PayloadBytes > MaxBytesToDecodeTwice) return NncDialect.EditionOne;
            bool late = decoder.Fits(unit, NncDialect.EditionOneLate);
            if (early != late) return early ? NncDialect.EditionOne : NncDialect.EditionOneLate;
        }

        return NncDialect.EditionOne;
    }
}
