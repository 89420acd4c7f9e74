using Tersor.EntropyCoding;

namespace Tersor.Nnc;

/// <summary>
/// Finds out which of two programs wrote a profile 0 stream: dialects A and C have the same headers and differ in a few bins of every payload (section 1).
/// </summary>
/// <remarks>
/// A program writes all units in one dialect, and only units that fit exactly one of them decide, so that the answer does not depend on which tensor is asked
/// for first. Short units often pass the end check in both, with the same levels, since the bin too many costs next to nothing; of payloads with a thousand
/// levels one of 6,000 did. Hence the longest of the cheap units are asked first.
/// </remarks>
internal static class FirstEditionDialect
{
    private const int MaxProbes = 8;

    // Up to here a unit is decoded in both dialects; a longer one that fits the first is not decoded again only to see the second fail.
    private const long MaxBytesToDecodeTwice = 1 << 14;

    /// <summary>A unless some unit says C.</summary>
    public static NncDialect Detect(IReadOnlyList<CompressedDataUnit> units, UnitDecoder decoder, CancellationToken cancellationToken)
    {
        List<CompressedDataUnit> coded = [.. units.Where(unit => unit.Unsupported is null && unit.Header.PayloadType != NncPayloadType.RawFloat).OrderBy(unit => unit.PayloadBytes)];
        foreach (CompressedDataUnit unit in coded.Where(unit => unit.PayloadBytes <= MaxBytesToDecodeTwice).TakeLast(MaxProbes).Reverse())
        {
            bool early = decoder.Fits(unit, NncDialect.EditionOne, cancellationToken);
            bool late = decoder.Fits(unit, NncDialect.EditionOneLate, cancellationToken);
            if (early != late) return early ? NncDialect.EditionOne : NncDialect.EditionOneLate;
        }

        foreach (CompressedDataUnit unit in coded.Where(unit => unit.PayloadBytes > MaxBytesToDecodeTwice).Take(MaxProbes))
        {
            if (decoder.Fits(unit, NncDialect.EditionOne, cancellationToken)) return NncDialect.EditionOne;
            if (decoder.Fits(unit, NncDialect.EditionOneLate, cancellationToken)) return NncDialect.EditionOneLate;
        }

        return NncDialect.EditionOne;
    }
}
