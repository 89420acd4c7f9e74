using System.Runtime.InteropServices;

namespace Tersor.Quantization.Prediction;

/// <summary>Makes values of levels that come in parts of any length. Held are some rows, and those before that they are predicted from.</summary>
internal sealed class PredictedParts
{
    // Few enough for the cache.
    private const int ValuesAtOnce = 1 << 16;

    private readonly PredictedGrid _grid;
    private readonly PredictionLayout _layout;
    private readonly Plane[] _planes;

    // Rows before, then room for levels that become values.
    private readonly float[] _rows;
    private readonly int _historyLength;
    private int _filled;
    private int _firstRow;

    internal PredictedParts(PredictedGrid grid, PredictionLayout layout, Plane[] planes)
    {
        _grid = grid;
        _layout = layout;
        _planes = planes;
        _historyLength = grid.HistoryRows * layout.Columns;

        // As many at once as are looked back at, so that these are moved once at most for each value.
        int columns = Math.Max(1, layout.Columns);
        long rows = Math.Min(Math.Max(grid.HistoryRows, Math.Max(1, ValuesAtOnce / columns)), (Array.MaxLength - _historyLength) / columns);
        long all = (long)layout.VolumeCount * layout.VolumeLength;
        _rows = new float[_historyLength + (int)Math.Min(all, rows * columns)];
        _filled = _historyLength;
    }

    /// <summary>Takes the next levels.</summary>
    /// <param name="levels">They follow those before; all together are as many as the tensor has elements.</param>
    /// <param name="values">Gets the values of whole rows once these are complete, to do with as it likes.</param>
    public void Add(ReadOnlySpan<int> levels, Action<Span<float>> values)
    {
        while (!levels.IsEmpty)
        {
            int count = Math.Min(levels.Length, _rows.Length - _filled);
            levels[..count].CopyTo(MemoryMarshal.Cast<float, int>(_rows.AsSpan(_filled, count)));
            levels = levels[count..];
            _filled += count;
            if (_filled == _rows.Length) EndRows(values);
        }
    }

    /// <summary>Hands over the values that are left, once all levels have come.</summary>
    /// <param name="values">Gets them.</param>
    public void Finish(Action<Span<float>> values)
    {
        if (_filled > _historyLength) EndRows(values);
    }

    private void EndRows(Action<Span<float>> values)
    {
        Span<float> rows = _rows.AsSpan(0, _filled);
        _grid.Restore(_planes, _firstRow, rows, _historyLength);
        _firstRow += (_filled - _historyLength) / _layout.Columns;
        rows[(_filled - _historyLength).._filled].CopyTo(_rows);
        values(rows[_historyLength..]);
        _filled = _historyLength;
    }
}
