namespace Tersor.EntropyCoding;

/// <summary>
/// The bins of a tensor, or of a sample of it, context by context: what is needed to say what any choice of starting points would cost, without coding
/// anything.
/// </summary>
internal sealed class BinHistory
{
    /// <summary>Stands between the bins of two block rows: contexts restart there.</summary>
    public const byte Border = 2;

    private readonly byte[][] _bins;
    private readonly int[] _counts;
    private readonly int[] _prefixCounts;
    private long _bypassBins;
    private long _prefixBypassBins;
    private bool _sampling;

    /// <summary>No bins yet.</summary>
    /// <param name="contextCount">How many contexts there are.</param>
    public BinHistory(int contextCount)
    {
        _bins = new byte[contextCount][];
        Array.Fill(_bins, []);
        _counts = new int[contextCount];
        _prefixCounts = new int[contextCount];
    }

    /// <summary>A context's bins before sampling began, borders among them.</summary>
    public ReadOnlySpan<byte> Prefix(int context) => _bins[context].AsSpan(0, _sampling ? _prefixCounts[context] : _counts[context]);

    /// <summary>A context's bins since sampling began, borders among them.</summary>
    public ReadOnlySpan<byte> Rest(int context) => _sampling ? _bins[context].AsSpan(_prefixCounts[context].._counts[context]) : [];

    /// <summary>The number of bypass bins, those of the sample scaled up.</summary>
    public long BypassBins(SymbolSample sample) => _sampling ? _prefixBypassBins + sample.Scale(_bypassBins - _prefixBypassBins) : _bypassBins;

    /// <summary>Appends a bin.</summary>
    public void Add(int context, byte bin)
    {
        int count = _counts[context];
        byte[] bins = _bins[context];
        if ((uint)count >= (uint)bins.Length) bins = Grow(context);
        bins[count] = bin;
        _counts[context] = count + 1;
    }

    /// <summary>Counts bypass bins.</summary>
    public void AddBypass(int bitCount) => _bypassBins += bitCount;

    /// <summary>Marks a border in every context that has bins since the last.</summary>
    public void AddBorder()
    {
        for (int context = 0; context < _counts.Length; context++)
        {
            if (_counts[context] > 0 && _bins[context][_counts[context] - 1] != Border) Add(context, Border);
        }
    }

    /// <summary>What comes from here on stands for more than itself.</summary>
    public void EnterSample()
    {
        _sampling = true;
        _counts.CopyTo(_prefixCounts, 0);
        _prefixBypassBins = _bypassBins;
    }

    private byte[] Grow(int context)
    {
        Array.Resize(ref _bins[context], Math.Max(64, 2 * _bins[context].Length));
        return _bins[context];
    }
}
