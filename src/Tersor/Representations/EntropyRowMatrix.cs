using System.Buffers;
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tersor.Representations.Kernels;

namespace Tersor.Representations;

/// <summary>
/// CER and CSER (arXiv 1805.10692): the columns of a row grouped by value. In CER the k-th group of every row is that of value k, empty where the row has rarer values
/// only; CSER drops empty groups and says of each which value it is of.
/// </summary>
internal sealed class EntropyRowMatrix : Representation
{
    // By frequency; the first one is that of all columns not listed.
    private readonly float[] _values;
    private readonly PackedIndices _columnIndices;
    private readonly PackedIndices _groupPointers;
    private readonly PackedIndices? _groupValues;
    private readonly PackedIndices _rowPointers;

    private EntropyRowMatrix(int rows, int columns, float[] values, PackedIndices columnIndices, PackedIndices groupPointers, PackedIndices? groupValues, PackedIndices rowPointers)
        : base(rows, columns)
    {
        _values = values;
        _columnIndices = columnIndices;
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

    private protected override float Shift => _values[0];

    private protected override (long Multiplications, long Additions) Arithmetic
    {
        get
        {
            (long multiplications, long additions) = (0, 0);
            for (int group = 0; group + 1 < _groupPointers.Length; group++) multiplications += _groupPointers[group + 1] > _groupPointers[group] ? 1 : 0;
            for (int row = 0; row < Rows; row++) additions += Math.Max(0, StartOf(row + 1) - StartOf(row) - 1);
            return (multiplications, additions);
        }
    }

    private protected override long InputLoads => _columnIndices.Length;

    /// <summary>The arrays in the order and with the numbers of the paper, for its worked examples.</summary>
    internal (int[] ColumnIndices, int[] GroupPointers, int[]? GroupValues, int[] RowPointers) Numbers =>
        (_columnIndices.ToArray(), _groupPointers.ToArray(), _groupValues?.ToArray(), _rowPointers.ToArray());

    public static long Bits(MatrixStatistics statistics, bool namesValues)
    {
        long groups = namesValues ? statistics.GroupCount : statistics.PaddedGroupCount;
        return (32L * statistics.ValueCount)
            + (statistics.EntryCount * 8 * PackedIndices.WidthFor(statistics.Columns - 1))
            + ((groups + 1) * 8 * PackedIndices.WidthFor(statistics.EntryCount))
            + (namesValues ? groups * 8 * PackedIndices.WidthFor(statistics.ValueCount - 1) : 0)
            + ((statistics.Rows + 1L) * 8 * PackedIndices.WidthFor(groups));
    }

    public static Representation Of(QuantizedMatrix matrix, bool namesValues)
    {
        RowGroups groups = new(matrix);
        (long entryCount, long groupCount) = ((long)matrix.Rows * matrix.Columns - matrix.Counts[0], 0);
        for (int row = 0; row < matrix.Rows; row++)
        {
            groups.Read(row);
            groupCount += namesValues || groups.Present.Count == 0 ? groups.Present.Count : groups.Present[^1];
        }

        if (groupCount >= Array.MaxLength) throw new ArgumentException($"{groupCount:N0} groups, most of them empty, do not fit an array; use {RepresentationFormat.Cser.Name()}.", nameof(matrix));
        PackedIndices columnIndices = new((int)entryCount, PackedIndices.WidthFor(matrix.Columns - 1));
        PackedIndices groupPointers = new((int)groupCount + 1, PackedIndices.WidthFor(entryCount));
        PackedIndices? groupValues = namesValues ? new((int)groupCount, PackedIndices.WidthFor(matrix.Values.Length - 1)) : null;
        PackedIndices rowPointers = new(matrix.Rows + 1, PackedIndices.WidthFor(groupCount));
        (int entry, int group) = (0, 0);
        for (int row = 0; row < matrix.Rows; row++)
        {
            groups.Read(row);
            int end = entry;
            int expected = 1;
            foreach (int code in groups.Present)
            {
                for (; !namesValues && expected < code; expected++) groupPointers[++group] = end;
                expected = code + 1;
                if (groupValues is not null) groupValues[group] = code;
                end += groups.LengthOf(code);
                groupPointers[++group] = end;
            }

            foreach (int column in groups.Columns) columnIndices[entry++] = column;
            rowPointers[row + 1] = group;
        }

        return new EntropyRowMatrix(matrix.Rows, matrix.Columns, matrix.Values.ToArray(), columnIndices, groupPointers, groupValues, rowPointers);
    }

    public static Representation Read(ref RepresentationReader reader, int rows, int columns, bool namesValues)
    {
        float[] values = reader.ReadValues("Omega", QuantizedMatrix.MaxValueCount);
        PackedIndices columnIndices = reader.ReadIndices("colI");
        PackedIndices groupPointers = reader.ReadIndices("OmegaPtr");
        if (groupPointers.Length == 0) throw reader.Damaged("OmegaPtr is empty");
        reader.CheckPointers("OmegaPtr", groupPointers, columnIndices.Length);
        int groups = groupPointers.Length - 1;
        PackedIndices? groupValues = namesValues ? reader.ReadIndices("OmegaI", groups) : null;
        PackedIndices rowPointers = reader.ReadPointers("rowPtr", rows + 1L, groups);
        for (int row = 0; row < rows; row++)
        {
            int start = rowPointers[row];
            for (int group = start; group < rowPointers[row + 1]; group++)
            {
                int value = groupValues is null ? 1 + group - start : groupValues[group];
                if (value < 1 || value >= values.Length) throw reader.Damaged($"group {group} is of value {value}, there are {values.Length}");
                ColumnOrder.CheckAscending(ref reader, columnIndices, groupPointers[group], groupPointers[group + 1], columns);
            }

            ColumnOrder.CheckDistinct(ref reader, columnIndices, groupPointers[start], groupPointers[rowPointers[row + 1]]);
        }

        return new EntropyRowMatrix(rows, columns, values, columnIndices, groupPointers, groupValues, rowPointers);
    }

    private protected override void WriteArrays(in RepresentationWriter writer)
    {
        writer.WriteArray<float>(_values);
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
                for (int i = _groupPointers[group]; i < _groupPointers[group + 1]; i++) line[_columnIndices[i]] = value;
            }
        }
    }

    private protected override unsafe void MultiplyRows(LaneWidth width, float* vector, int first, int end, float* product)
    {
        fixed (byte* indices = _columnIndices.Bytes)
        {
            bool gathers = width >= LaneWidth.Bits256 && Avx2.IsSupported;
            for (int row = first; row < end; row++)
            {
                *product++ = (_columnIndices.Width, gathers) switch
                {
                    (1, true) => MultiplyGathered(indices, vector, row),
                    (2, true) => MultiplyGathered((ushort*)indices, vector, row),
                    (_, true) => MultiplyGathered((int*)indices, vector, row),
                    (1, false) => MultiplyScalar(indices, vector, row),
                    (2, false) => MultiplyScalar((ushort*)indices, vector, row),
                    _ => MultiplyScalar((int*)indices, vector, row),
                };
            }
        }
    }

    private protected override unsafe void MultiplyPanel(LaneWidth width, float* panel, int panelWidth, int first, int end, float* products)
    {
        // Of a row, where groups end and what they are multiplied by; an infinite weight's entries are groups of their own.
        int[] ends = ArrayPool<int>.Shared.Rent(_values.Length + Columns);
        float[] weights = ArrayPool<float>.Shared.Rent(_values.Length + Columns);
        fixed (byte* indices = _columnIndices.Bytes)
        {
            for (int row = first; row < end; row++, products += panelWidth)
            {
                int start = StartOf(row);
                int count = ListGroups(row, start, ends, weights);
                ReadOnlySpan<int> listed = ends.AsSpan(0, count);
                if (_columnIndices.Width == 1) PanelGroups.Multiply(width, panel, panelWidth, indices + start, listed, weights, products);
                else if (_columnIndices.Width == 2) PanelGroups.Multiply(width, panel, panelWidth, (ushort*)indices + start, listed, weights, products);
                else PanelGroups.Multiply(width, panel, panelWidth, (int*)indices + start, listed, weights, products);
            }
        }

        ArrayPool<int>.Shared.Return(ends);
        ArrayPool<float>.Shared.Return(weights);
    }

    // Sums of groups stay vectors, scaled one by one; a row is added up across the lanes once.
    private unsafe float MultiplyGathered<TIndex>(TIndex* indices, float* vector, int row)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        Vector256<float> sum = Vector256<float>.Zero;
        float rest = 0;
        int start = _rowPointers[row];
        int stop = _rowPointers[row + 1];
        int from = start < stop ? _groupPointers[start] : 0;
        for (int group = start; group < stop; group++)
        {
            int to = _groupPointers[group + 1];
            float weight = WeightOf(group, start);
            if (float.IsFinite(weight)) sum = Vector256.MultiplyAddEstimate(Vector256.Create(weight), GatheredGroup.Sum(indices + from, to - from, indices + _columnIndices.Length, vector), sum);
            else for (int i = from; i < to; i++) rest += weight * vector[int.CreateTruncating(indices[i])];
            from = to;
        }

        return Vector256.Sum(sum) + rest;
    }

    private unsafe float MultiplyScalar<TIndex>(TIndex* indices, float* vector, int row)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        float sum = 0;
        int start = _rowPointers[row];
        int stop = _rowPointers[row + 1];
        int from = start < stop ? _groupPointers[start] : 0;
        for (int group = start; group < stop; group++)
        {
            int to = _groupPointers[group + 1];
            float weight = WeightOf(group, start);
            if (float.IsFinite(weight)) sum += weight * GatheredGroup.Sum(indices + from, to - from, vector);
            else for (int i = from; i < to; i++) sum += weight * vector[int.CreateTruncating(indices[i])];
            from = to;
        }

        return sum;
    }

    // What an infinite weight meets may cancel in a sum, never in the product.
    private int ListGroups(int row, int entryOffset, int[] ends, float[] weights)
    {
        int count = 0;
        int start = _rowPointers[row];
        int stop = _rowPointers[row + 1];
        int from = entryOffset;
        for (int group = start; group < stop; group++)
        {
            int to = _groupPointers[group + 1];
            float weight = WeightOf(group, start);
            int step = float.IsFinite(weight) ? to - from : 1;
            for (; from < to; from += step)
            {
                ends[count] = from + step - entryOffset;
                weights[count++] = weight;
            }
        }

        return count;
    }

    private float WeightOf(int group, int firstOfRow) => _values[ValueOf(group, firstOfRow)] - _values[0];

    private int ValueOf(int group, int firstOfRow) => _groupValues is null ? 1 + group - firstOfRow : _groupValues[group];

    private int StartOf(int row) => _groupPointers[_rowPointers[row]];
}
