using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tersor.Representations.Kernels;

namespace Tersor.Representations;

/// <summary>
/// CER and CSER (arXiv 1805.10692): the columns of a row grouped by value. In CER the k-th group of every row is that of value k, empty where the row has rarer values
/// only; CSER drops empty groups and says of each which value it is of. Columns stand as they are, or as gaps where that is much smaller: <see cref="GroupGaps"/>.
/// </summary>
internal sealed class EntropyRowMatrix : Representation
{
    // By frequency; the first one is that of all columns not listed.
    private readonly float[] _values;
    private readonly PackedIndices _columnIndices;
    private readonly bool _areGaps;
    private readonly PackedIndices _groupPointers;
    private readonly PackedIndices? _groupValues;
    private readonly PackedIndices _rowPointers;

    private EntropyRowMatrix(int rows, int columns, float[] values, PackedIndices columnIndices, bool areGaps, PackedIndices groupPointers, PackedIndices? groupValues, PackedIndices rowPointers)
        : base(rows, columns)
    {
        _values = values;
        _columnIndices = columnIndices;
        _areGaps = areGaps;
        _groupPointers = groupPointers;
        _groupValues = groupValues;
        _rowPointers = rowPointers;
    }

    public override RepresentationFormat Format => _groupValues is null ? RepresentationFormat.Cer : RepresentationFormat.Cser;

    public override IReadOnlyList<StoredArray> Arrays
    {
        get
        {
            int groups = _groupPointers.Length - 1;
            long runs = 0;
            for (int row = 0; row < Rows; row++) runs += _rowPointers[row + 1] > _rowPointers[row] ? 1 : 0;
            StoredArray[] common =
            [
                new("Omega", _values.Length, 32, groups),
                _columnIndices.Describe("colI", _columnIndices.Length),
                _groupPointers.Describe("OmegaPtr", groups + runs),
                _rowPointers.Describe("rowPtr", 2L * Rows),
            ];
            return _groupValues is null ? common : [.. common, _groupValues.Describe("OmegaI", groups)];
        }
    }

    internal override float Shift => _values[0];

    private protected override (long Multiplications, long Additions) Arithmetic
    {
        get
        {
            (long multiplications, long additions) = (0, 0);
            for (int group = 0; group + 1 < _groupPointers.Length; group++) multiplications += _groupPointers[group + 1] > _groupPointers[group] ? 1 : 0;
            for (int row = 0; row < Rows; row++) additions += Math.Max(0, EntriesBetween(StartOf(row), StartOf(row + 1)) - 1);
            return (multiplications, additions);
        }
    }

    private protected override long InputLoads => EntriesBetween(0, _columnIndices.Length);

    // What kernels get: decoded columns have no fewer bits than those that are stored as they are.
    private int IndexWidth => _areGaps ? PackedIndices.WidthFor(Columns - 1) : _columnIndices.Width;

    /// <summary>The arrays in the order and with the numbers of the paper, for its worked examples.</summary>
    internal (int[] ColumnIndices, int[] GroupPointers, int[]? GroupValues, int[] RowPointers) Numbers =>
        (_columnIndices.ToArray(), _groupPointers.ToArray(), _groupValues?.ToArray(), _rowPointers.ToArray());

    /// <summary>Whether the columns of a matrix are stored as gaps.</summary>
    public static bool TakesGaps(MatrixStatistics statistics) => GapWidth(statistics) != 0;

    public static long Bits(MatrixStatistics statistics, bool namesValues)
    {
        long groups = namesValues ? statistics.GroupCount : statistics.PaddedGroupCount;
        (long stored, int width) = Stored(statistics, GapWidth(statistics));
        return (32L * statistics.ValueCount)
            + (stored * 8 * width)
            + ((groups + 1) * 8 * PackedIndices.WidthFor(stored))
            + (namesValues ? groups * 8 * PackedIndices.WidthFor(statistics.ValueCount - 1) : 0)
            + ((statistics.Rows + 1L) * 8 * PackedIndices.WidthFor(groups));
    }

    public static Representation Of(QuantizedMatrix matrix, bool namesValues)
    {
        MatrixStatistics statistics = matrix.Measure();
        return Of(matrix, statistics, namesValues, GapWidth(statistics));
    }

    /// <summary>With gaps of so many bytes, or columns as they are for 0.</summary>
    public static Representation Of(QuantizedMatrix matrix, MatrixStatistics statistics, bool namesValues, int gapWidth)
    {
        long groupCount = namesValues ? statistics.GroupCount : statistics.PaddedGroupCount;
        if (groupCount >= Array.MaxLength) throw new ArgumentException($"{groupCount:N0} groups, most of them empty, do not fit an array; use {RepresentationFormat.Cser.Name()}.", nameof(matrix));
        (long stored, int width) = Stored(statistics, gapWidth);
        PackedIndices columnIndices = new((int)stored, width);
        PackedIndices groupPointers = new((int)groupCount + 1, PackedIndices.WidthFor(columnIndices.Length));
        PackedIndices? groupValues = namesValues ? new((int)groupCount, PackedIndices.WidthFor(matrix.Values.Length - 1)) : null;
        PackedIndices rowPointers = new(matrix.Rows + 1, PackedIndices.WidthFor(groupCount));
        RowGroups groups = new(matrix);
        (int at, int group) = (0, 0);
        for (int row = 0; row < matrix.Rows; row++)
        {
            groups.Read(row);
            int expected = 1;
            foreach (int code in groups.Present)
            {
                for (; !namesValues && expected < code; expected++) groupPointers[++group] = at;
                expected = code + 1;
                if (groupValues is not null) groupValues[group] = code;
                if (gapWidth != 0) at = GroupGaps.Write(columnIndices, at, groups.Columns(code));
                else foreach (int column in groups.Columns(code)) columnIndices[at++] = column;
                groupPointers[++group] = at;
            }

            rowPointers[row + 1] = group;
        }

        return new EntropyRowMatrix(matrix.Rows, matrix.Columns, matrix.Values.ToArray(), columnIndices, gapWidth != 0, groupPointers, groupValues, rowPointers);
    }

    public static Representation Read(ref RepresentationReader reader, int rows, int columns, bool namesValues)
    {
        float[] values = reader.ReadValues("Omega", QuantizedMatrix.MaxValueCount);
        bool areGaps = reader.ReadByte() switch
        {
            0 => false,
            1 => true,
            byte other => throw reader.Damaged($"columns are coded in way {other}; there are 0 and 1"),
        };
        PackedIndices columnIndices = reader.ReadIndices("colI");
        if (areGaps && columnIndices.Width >= PackedIndices.WidthFor(columns - 1L)) throw reader.Damaged($"gaps of {columnIndices.Width} bytes are no narrower than columns");
        PackedIndices groupPointers = reader.ReadIndices("OmegaPtr");
        if (groupPointers.Length == 0) throw reader.Damaged("OmegaPtr is empty");
        reader.CheckPointers("OmegaPtr", groupPointers, columnIndices.Length);
        int groups = groupPointers.Length - 1;
        PackedIndices? groupValues = namesValues ? reader.ReadIndices("OmegaI", groups) : null;
        PackedIndices rowPointers = reader.ReadPointers("rowPtr", rows + 1L, groups);
        List<int> found = [];
        for (int row = 0; row < rows; row++)
        {
            int start = rowPointers[row];
            for (int group = start; group < rowPointers[row + 1]; group++)
            {
                int value = groupValues is null ? 1 + group - start : groupValues[group];
                if (value < 1 || value >= values.Length) throw reader.Damaged($"group {group} is of value {value}, there are {values.Length}");
                (int from, int to) = (groupPointers[group], groupPointers[group + 1]);
                if (areGaps) GroupGaps.Check(ref reader, columnIndices, from, to, columns, found);
                else ColumnOrder.CheckAscending(ref reader, columnIndices, from, to, columns, found);
            }

            ColumnOrder.CheckDistinct(ref reader, found);
            found.Clear();
        }

        return new EntropyRowMatrix(rows, columns, values, columnIndices, areGaps, groupPointers, groupValues, rowPointers);
    }

    private protected override void WriteArrays(in RepresentationWriter writer)
    {
        writer.WriteArray<float>(_values);
        writer.WriteByte((byte)(_areGaps ? 1 : 0));
        writer.WriteIndices(_columnIndices);
        writer.WriteIndices(_groupPointers);
        if (_groupValues is not null) writer.WriteIndices(_groupValues);
        writer.WriteIndices(_rowPointers);
    }

    private protected override void CopyRows(int first, int end, Span<float> target)
    {
        target.Fill(_values[0]);
        for (int row = first; row < end; row++)
        {
            Span<float> line = target.Slice((row - first) * Columns, Columns);
            int start = _rowPointers[row];
            for (int group = start; group < _rowPointers[row + 1]; group++)
            {
                float value = _values[ValueOf(group, start)];
                (int next, int escape) = (0, _areGaps ? GroupGaps.EscapeOf(_columnIndices.Width) : -1);
                for (int i = _groupPointers[group]; i < _groupPointers[group + 1]; i++)
                {
                    int stored = _columnIndices[i];
                    next = _areGaps ? next + stored : stored;
                    if (stored != escape) line[next++] = value;
                }
            }
        }
    }

    private protected override unsafe void MultiplyRows(LaneWidth width, float* vector, int first, int end, float* product)
    {
        fixed (byte* stored = _columnIndices.Bytes)
        {
            for (int row = first; row < end; row++)
            {
                *product++ = (_areGaps, _columnIndices.Width) switch
                {
                    (true, 1) => MultiplyRow<GroupsOfGaps<byte>>(width, stored, vector, row),
                    (true, _) => MultiplyRow<GroupsOfGaps<ushort>>(width, stored, vector, row),
                    (false, 1) => MultiplyRow<GroupsOfColumns<byte>>(width, stored, vector, row),
                    (false, 2) => MultiplyRow<GroupsOfColumns<ushort>>(width, stored, vector, row),
                    _ => MultiplyRow<GroupsOfColumns<int>>(width, stored, vector, row),
                };
            }
        }
    }

    private protected override unsafe void MultiplyPanel(LaneWidth width, float* panel, int panelWidth, int first, int end, float* products)
    {
        using RowGroupLists lists = new(Columns, _values.Length, _areGaps ? IndexWidth : 0);
        fixed (byte* stored = _columnIndices.Bytes)
        fixed (int* decoded = lists.Columns)
        {
            for (int row = first; row < end; row++, products += panelWidth)
            {
                byte* indices = List(width, row, stored, (byte*)decoded, lists);
                if (IndexWidth == 1) PanelGroups.Multiply(width, panel, panelWidth, indices, lists.Ends, lists.Weights, products);
                else if (IndexWidth == 2) PanelGroups.Multiply(width, panel, panelWidth, (ushort*)indices, lists.Ends, lists.Weights, products);
                else PanelGroups.Multiply(width, panel, panelWidth, (int*)indices, lists.Ends, lists.Weights, products);
            }
        }
    }

    // Sums of groups stay vectors, scaled one by one; a row is added up across the lanes once.
    private unsafe float MultiplyRow<TGroups>(LaneWidth width, byte* stored, float* vector, int row)
        where TGroups : struct, IGroupSums
    {
        bool gathers = width >= LaneWidth.Bits256 && Avx2.IsSupported;
        Vector256<float> sum = Vector256<float>.Zero;
        float rest = 0;
        int start = _rowPointers[row];
        int stop = _rowPointers[row + 1];
        int from = _groupPointers[start];
        for (int group = start; group < stop; group++)
        {
            int to = _groupPointers[group + 1];
            float weight = WeightOf(group, start);
            if (!float.IsFinite(weight)) rest += TGroups.Sum(stored, from, to, vector, weight);
            else if (gathers) sum = Vector256.MultiplyAddEstimate(Vector256.Create(weight), TGroups.Lanes(stored, from, to, _columnIndices.Length, vector), sum);
            else rest += weight * TGroups.Sum(stored, from, to, vector, 1);
            from = to;
        }

        return Vector256.Sum(sum) + rest;
    }

    // The groups of a row, and where its columns are. What an infinite weight meets may cancel in a sum, never in the product: its entries are groups of their own.
    private unsafe byte* List(LaneWidth width, int row, byte* stored, byte* decoded, RowGroupLists lists)
    {
        int count = 0;
        int listed = 0;
        int start = _rowPointers[row];
        int stop = _rowPointers[row + 1];
        int from = _groupPointers[start];
        byte* columns = _areGaps ? decoded : stored + ((nint)from * _columnIndices.Width);
        for (int group = start; group < stop; group++)
        {
            int to = _groupPointers[group + 1];
            int end = listed + (_areGaps ? Decode(width, stored, from, to, decoded, listed) : to - from);
            float weight = WeightOf(group, start);
            for (int step = float.IsFinite(weight) ? end - listed : 1; listed < end; listed += step) lists.Set(count++, listed + step, weight);
            from = to;
        }

        lists.Count = count;
        return columns;
    }

    private unsafe int Decode(LaneWidth width, byte* stored, int from, int to, byte* decoded, int at) => (_columnIndices.Width, IndexWidth) switch
    {
        (1, 2) => GapDecoder.Decode(width, stored + from, to - from, stored + _columnIndices.Length, (ushort*)decoded + at),
        (1, _) => GapDecoder.Decode(stored + from, to - from, (int*)decoded + at),
        _ => GapDecoder.Decode((ushort*)stored + from, to - from, (int*)decoded + at),
    };

    // Columns or gaps that there are, and bytes of one.
    private static (long Count, int Width) Stored(MatrixStatistics statistics, int gapWidth) => gapWidth == 0
        ? (statistics.EntryCount, PackedIndices.WidthFor(statistics.Columns - 1))
        : (statistics.EntryCount + statistics.GroupEscapes[gapWidth - 1], gapWidth);

    private int EntriesBetween(int from, int to) => _areGaps ? GroupGaps.CountEntries(_columnIndices, from, to) : to - from;

    private static int GapWidth(MatrixStatistics statistics) => GroupGaps.WidthFor(statistics.Columns, statistics.EntryCount, statistics.GroupEscapes);

    private float WeightOf(int group, int firstOfRow) => _values[ValueOf(group, firstOfRow)] - _values[0];

    private int ValueOf(int group, int firstOfRow) => _groupValues is null ? 1 + group - firstOfRow : _groupValues[group];

    private int StartOf(int row) => _groupPointers[_rowPointers[row]];
}
