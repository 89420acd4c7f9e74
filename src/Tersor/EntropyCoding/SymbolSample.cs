namespace Tersor.EntropyCoding;

/// <summary>
/// Which elements of a large tensor are looked at where an estimate suffices: a run at the start, where contexts are still learning, then windows at even
/// distances.
/// </summary>
internal readonly record struct SymbolSample
{
    private const int Limit = 1 << 16;
    private const int PrefixLength = 1 << 14;
    private const int WindowLength = 1 << 11;
    private const int WindowCount = (Limit - PrefixLength) / WindowLength;
    private readonly int _length;
    private readonly int _period;

    private SymbolSample(int length)
    {
        _length = length;
        _period = length <= Limit ? 0 : (length - PrefixLength) / WindowCount;
    }

    /// <summary>What the whole tensor behind the prefix comes to, given what the windows come to.</summary>
    public long Scale(long amount) => _period == 0 ? amount : (long)(amount * ((double)(_length - PrefixLength) / (WindowCount * WindowLength)));

    /// <summary>Everything where the tensor is not large, else about a quarter of a million elements.</summary>
    public static SymbolSample Of(int elementCount) => new(elementCount);

    /// <summary>Everything.</summary>
    public static SymbolSample All => default;

    /// <summary>Where <paramref name="position"/>, counted along the scan, stands.</summary>
    /// <returns>How many elements from there on are treated alike, and whether they are shown.</returns>
    public (int Length, bool IsShown) At(int position)
    {
        if (_period == 0) return (int.MaxValue, true);
        if (position < PrefixLength) return (PrefixLength - position, true);
        int phase = (position - PrefixLength) % _period;
        bool inLastPeriod = position - PrefixLength >= _period * WindowCount;
        return phase < WindowLength && !inLastPeriod ? (WindowLength - phase, true) : (_period - phase, false);
    }

    /// <summary>Whether <paramref name="position"/> lies behind the prefix.</summary>
    public bool IsRest(int position) => _period != 0 && position >= PrefixLength;
}
