using System.Buffers;

namespace Tersor.Quantization;

/// <summary>
/// Finds the path of a whole tensor through the trellis, its segments in any order or side by side: first all are searched, then their ends are joined, then
/// all are traced back. However good a segment's start was, what is traced back is a path of the state machine.
/// </summary>
internal sealed class TensorTrellis
{
    private readonly BlockScan _scan;
    private readonly Func<TrellisSearch> _makeSearch;

    // By segment: which state before it leads to each state behind it, and the state behind it on the path.
    private readonly StateMap[] _origins;
    private readonly int[] _ends;

    /// <summary>A path to be found.</summary>
    /// <param name="scan">Coding order and segments of the tensor.</param>
    /// <param name="makeSearch">Makes the search of a segment.</param>
    public TensorTrellis(BlockScan scan, Func<TrellisSearch> makeSearch)
    {
        _scan = scan;
        _makeSearch = makeSearch;
        _origins = new StateMap[scan.SegmentCount];
        _ends = new int[scan.SegmentCount];
    }

    /// <summary>Finds the path, one segment after the other.</summary>
    /// <param name="weights">Row-major.</param>
    /// <param name="importance">One factor per weight; empty for all 1.</param>
    /// <param name="levels">Receives the levels, row-major.</param>
    public void Run(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<int> levels)
    {
        for (int segment = 0; segment < _scan.SegmentCount; segment++) Search(segment, weights, importance, levels, CancellationToken.None);
        Join();
        for (int segment = 0; segment < _scan.SegmentCount; segment++) TraceBack(segment, weights, levels);
    }

    /// <summary>Finds the path, segments side by side.</summary>
    /// <inheritdoc cref="Run(ReadOnlySpan{float}, ReadOnlySpan{float}, Span{int})"/>
    public void Run(ReadOnlyMemory<float> weights, ReadOnlyMemory<float> importance, Memory<int> levels, ParallelOptions parallel)
    {
        Parallel.For(0, _scan.SegmentCount, parallel, segment => Search(segment, weights.Span, importance.Span, levels.Span, parallel.CancellationToken));
        Join();
        Parallel.For(0, _scan.SegmentCount, parallel, segment => TraceBack(segment, weights.Span, levels.Span));
    }

    // Leaves decisions in the place of levels, in coding order.
    private void Search(int segment, ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<int> decisions, CancellationToken cancellationToken)
    {
        TrellisSearch search = _makeSearch();
        float[] codedWeights = Rent<float>(_scan.Reorders);
        float[] codedImportance = Rent<float>(_scan.Reorders && !importance.IsEmpty);
        (int first, int end) = _scan.StretchesOf(segment);
        if (first == 0)
        {
            search.Start();
        }
        else
        {
            Range before = _scan[first - 1];
            search.Start(Last(InCodingOrder(weights[before], codedWeights)), Last(InCodingOrder(Of(importance, before), codedImportance)));
        }

        for (int stretch = first; stretch < end; stretch++)
        {
            Range range = _scan[stretch];
            if (_scan.Reorders) search.RestartContexts();
            search.Search(InCodingOrder(weights[range], codedWeights), InCodingOrder(Of(importance, range), codedImportance), decisions[range], cancellationToken);
        }

        _ends[segment] = search.BestState;
        if (first > 0) _origins[segment] = StateMap.OfDecisions(decisions[_scan[first].Start.._scan[end - 1].End]);
        ArrayPool<float>.Shared.Return(codedWeights);
        ArrayPool<float>.Shared.Return(codedImportance);
    }

    // The best state behind the last segment is that of the whole tensor; the others follow from it.
    private void Join()
    {
        for (int segment = _ends.Length - 1; segment > 0; segment--) _ends[segment - 1] = _origins[segment][_ends[segment]];
    }

    private void TraceBack(int segment, ReadOnlySpan<float> weights, Span<int> levels)
    {
        TrellisSearch search = _makeSearch();
        float[] codedWeights = Rent<float>(_scan.Reorders);
        int[] codedLevels = Rent<int>(_scan.Reorders);
        int state = _ends[segment];
        (int first, int end) = _scan.StretchesOf(segment);
        for (int stretch = end - 1; stretch >= first; stretch--)
        {
            Range range = _scan[stretch];
            Span<int> stretchLevels = levels[range];
            state = search.TraceBack(InCodingOrder(weights[range], codedWeights), stretchLevels, state);
            if (!_scan.Reorders) continue;
            Span<int> coded = codedLevels.AsSpan(0, stretchLevels.Length);
            stretchLevels.CopyTo(coded);
            _scan.Scatter<int>(coded, stretchLevels);
        }

        ArrayPool<float>.Shared.Return(codedWeights);
        ArrayPool<int>.Shared.Return(codedLevels);
    }

    private T[] Rent<T>(bool isNeeded) => ArrayPool<T>.Shared.Rent(isNeeded ? _scan.StretchLength : 0);

    private ReadOnlySpan<float> InCodingOrder(ReadOnlySpan<float> rowMajor, Span<float> scratch)
    {
        if (!_scan.Reorders || rowMajor.IsEmpty) return rowMajor;
        Span<float> coded = scratch[..rowMajor.Length];
        _scan.Gather(rowMajor, coded);
        return coded;
    }

    private static ReadOnlySpan<float> Of(ReadOnlySpan<float> importance, Range range) => importance.IsEmpty ? importance : importance[range];

    private static ReadOnlySpan<float> Last(ReadOnlySpan<float> weights) => weights[Math.Max(0, weights.Length - BlockScan.RunUpLength)..];
}
