using System.Runtime.InteropServices;

namespace Tersor.Representations;

/// <summary>
/// Makes a <see cref="QuantizedMatrix"/> row by row, as a decoder gives them: held are one or two bytes per weight, never the values. Codes cannot be
/// avoided, since forms order values by how often they occur, which is known after the last row only.
/// </summary>
public sealed class QuantizedMatrixBuilder
{
    private readonly DistinctValues _distinct = new();
    private readonly int _rows;
    private readonly int _columns;
    private readonly long[] _counts = new long[QuantizedMatrix.MaxValueCount];
    private byte[] _narrow;
    private ushort[] _wide = [];
    private int _filled;

    /// <summary>Starts a matrix without rows.</summary>
    /// <param name="rows">Rows that will come.</param>
    /// <param name="columns">Values of a row.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or there are more elements than one array can hold.</exception>
    public QuantizedMatrixBuilder(int rows, int columns)
    {
        Representation.ThrowIfNoShape(rows, columns);
        _rows = rows;
        _columns = columns;
        _narrow = GC.AllocateUninitializedArray<byte>(rows * columns);
    }

    /// <summary>Takes in the next row.</summary>
    /// <param name="values">As many as there are columns; copied.</param>
    /// <returns>False where the matrix would have more than <see cref="QuantizedMatrix.MaxValueCount"/> different values: hold it dense. The builder is of no more use then.</returns>
    /// <exception cref="ArgumentException">The row has another length.</exception>
    /// <exception cref="InvalidOperationException">All rows are there.</exception>
    public bool TryAddRow(ReadOnlySpan<float> values)
    {
        if (values.Length != _columns) throw new ArgumentException($"A row of {_columns} columns has {values.Length} values.", nameof(values));
        if (_filled == _rows) throw new InvalidOperationException($"The matrix has its {_rows} rows already.");
        int at = _filled * _columns;
        uint lastBits = 0;
        int lastNumber = -1;
        foreach (float value in values)
        {
            uint bits = BitConverter.SingleToUInt32Bits(value);
            int number = bits == lastBits && lastNumber >= 0 ? lastNumber : _distinct.NumberOf(value, QuantizedMatrix.MaxValueCount);
            if (number < 0) return false;
            (lastBits, lastNumber) = (bits, number);
            if (number > byte.MaxValue && _wide.Length == 0) Widen(at);
            _counts[number]++;
            if (_wide.Length > 0) _wide[at++] = (ushort)number;
            else _narrow[at++] = (byte)number;
        }

        _filled++;
        return true;
    }

    /// <summary>The matrix; the builder must not be used any more.</summary>
    /// <exception cref="InvalidOperationException">Rows are missing.</exception>
    public QuantizedMatrix Build()
    {
        if (_filled != _rows) throw new InvalidOperationException($"{_filled} of {_rows} rows have come.");
        ReadOnlySpan<float> found = _distinct.Values;
        int[] order = [.. Enumerable.Range(0, found.Length)];
        float[] unordered = found.ToArray();
        order.AsSpan().Sort((left, right) => Compare(unordered[left], _counts[left], unordered[right], _counts[right]));

        // The first value is the one that forms leave out; an infinity cannot be subtracted from the others.
        int first = order.Length == 0 || !float.IsFinite(unordered[order[0]]) ? 1 : 0;
        float[] values = new float[order.Length + first];
        long[] counts = new long[values.Length];
        ushort[] codeOf = new ushort[order.Length];
        if (values.Length > QuantizedMatrix.MaxValueCount) throw new InvalidOperationException("The matrix has no finite value and as many others as a table can hold; hold it dense.");
        for (int i = 0; i < order.Length; i++)
        {
            values[i + first] = unordered[order[i]];
            counts[i + first] = _counts[order[i]];
            codeOf[order[i]] = (ushort)(i + first);
        }

        byte[] codes = Relabel(codeOf, values.Length);
        _narrow = [];
        _wide = [];
        return new QuantizedMatrix(_rows, _columns, values, counts, codes);
    }

    // Finite values first, the most frequent ones first among them; what is left is decided by value and bit pattern.
    private static int Compare(float left, long leftCount, float right, long rightCount)
    {
        int order = float.IsFinite(right).CompareTo(float.IsFinite(left));
        if (order == 0) order = rightCount.CompareTo(leftCount);
        return order != 0 ? order : TotalOrder(left).CompareTo(TotalOrder(right));
    }

    private static int TotalOrder(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return bits ^ ((bits >> 31) & int.MaxValue);
    }

    private byte[] Relabel(ushort[] codeOf, int valueCount)
    {
        if (_wide.Length > 0)
        {
            foreach (ref ushort code in _wide.AsSpan()) code = codeOf[code];
            return MemoryMarshal.AsBytes<ushort>(_wide).ToArray();
        }

        if (valueCount <= 256)
        {
            foreach (ref byte code in _narrow.AsSpan()) code = (byte)codeOf[code];
            return _narrow;
        }

        // 256 values without a finite one, to which zero came.
        Widen(_narrow.Length);
        return Relabel(codeOf, valueCount);
    }

    private void Widen(int count)
    {
        _wide = GC.AllocateUninitializedArray<ushort>(_rows * _columns);
        for (int i = 0; i < count; i++) _wide[i] = _narrow[i];
        _narrow = [];
    }
}
