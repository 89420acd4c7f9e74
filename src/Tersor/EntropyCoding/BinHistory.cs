using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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

    /// <summary>Makes room in consecutive contexts, for <see cref="Write"/>.</summary>
    public void Reserve(int firstContext, int contextCount, int binCount)
    {
        for (int context = firstContext; context < firstContext + contextCount; context++)
        {
            int needed = _counts[context] + binCount;
            if (needed > _bins[context].Length) Array.Resize(ref _bins[context], Math.Max(needed, 2 * _bins[context].Length));
        }
    }

    /// <summary>Writes a bin where there is room for sure, and keeps it or not.</summary>
    /// <param name="context">A context that was reserved.</param>
    /// <param name="bin">0 or 1.</param>
    /// <param name="kept">1: the bin counts; 0: the next one takes its place.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(int context, int bin, int kept)
    {
        ref int count = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_counts), context);
        byte[] bins = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_bins), context);
        Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(bins), count) = (byte)bin;
        count += kept;
    }

    /// <summary>Appends a bin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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

    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte[] Grow(int context)
    {
        Array.Resize(ref _bins[context], Math.Max(64, 2 * _bins[context].Length));
        return _bins[context];
    }
}
