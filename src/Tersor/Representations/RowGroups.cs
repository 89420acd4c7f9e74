namespace Tersor.Representations;

/// <summary>The columns of a row grouped by code, each group ascending, the groups in the order of their codes; code 0 is left out.</summary>
internal sealed class RowGroups(QuantizedMatrix matrix)
{
    private readonly ushort[] _codes = new ushort[matrix.Columns];
    private readonly int[] _columns = new int[matrix.Columns];
    private readonly int[] _lengths = new int[matrix.Values.Length];
    private readonly int[] _next = new int[matrix.Values.Length];
    private readonly List<int> _present = [];

    /// <summary>Codes that occur in the row, ascending.</summary>
    public IReadOnlyList<int> Present => _present;

    /// <summary>Columns of a group, ascending.</summary>
    public ReadOnlySpan<int> Columns(int code) => _columns.AsSpan(_next[code] - _lengths[code], _lengths[code]);

    /// <summary>Goes to a row.</summary>
    public void Read(int row)
    {
        foreach (int code in _present) _lengths[code] = 0;
        _present.Clear();
        matrix.CopyCodes(row, _codes);
        foreach (ushort code in _codes)
        {
            if (code != 0 && _lengths[code]++ == 0) _present.Add(code);
        }

        _present.Sort();
        int start = 0;
        foreach (int code in _present)
        {
            _next[code] = start;
            start += _lengths[code];
        }

        for (int column = 0; column < _codes.Length; column++)
        {
            if (_codes[column] != 0) _columns[_next[_codes[column]]++] = column;
        }
    }
}
