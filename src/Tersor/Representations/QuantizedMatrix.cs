using System.Runtime.InteropServices;
using Tersor.Measures;

namespace Tersor.Representations;

/// <summary>
/// A weight matrix with few different values: a table of them and a code for each weight. What representations are made of, and what they give back.
/// </summary>
/// <remarks>Values are told apart by bit pattern: -0 is not +0, and every NaN is itself. The form is canonical: equal matrices have equal tables and codes.</remarks>
public sealed class QuantizedMatrix
{
    /// <summary>Different values that a table holds at most.</summary>
    public const int MaxValueCount = 1 << 16;

    private readonly float[] _values;
    private readonly long[] _counts;

    // A byte each up to 256 values, else two.
    private readonly byte[] _codes;
    private MatrixStatistics? _statistics;

    internal QuantizedMatrix(int rows, int columns, float[] values, long[] counts, byte[] codes)
    {
        Rows = rows;
        Columns = columns;
        _values = values;
        _counts = counts;
        _codes = codes;
    }

    /// <summary>Rows: outputs of a product.</summary>
    public int Rows { get; }

    /// <summary>Columns: inputs of a product.</summary>
    public int Columns { get; }

    /// <summary>
    /// The values by code: the most frequent finite one first, then the others by frequency, ties by value, and those that are not finite at the end. Code
    /// 0 is finite always: +0, of which there are none, where no value is.
    /// </summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>How often each value occurs, by code.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>The code of +0; -1 where it does not occur.</summary>
    internal int CodeOfZero => MemoryMarshal.Cast<float, int>(_values.AsSpan()).IndexOf(0);

    /// <summary>Makes a matrix of its values.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="values">Row-major.</param>
    /// <exception cref="ArgumentException">There are not rows times columns values, or more than <see cref="MaxValueCount"/> different ones.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or there are more elements than one array can hold.</exception>
    public static QuantizedMatrix FromValues(int rows, int columns, ReadOnlySpan<float> values)
    {
        QuantizedMatrixBuilder builder = new(rows, columns);
        if ((long)rows * columns != values.Length) throw new ArgumentException($"A matrix of {rows} x {columns} has {values.Length} values.", nameof(values));
        for (int row = 0; row < rows; row++)
        {
            if (!builder.TryAddRow(values.Slice(row * columns, columns)))
                throw new ArgumentException($"The matrix has more than {MaxValueCount:N0} different values; hold it dense.", nameof(values));
        }

        return builder.Build();
    }

    /// <summary>Copies the codes of a row.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="codes">As many as there are columns: indices of <see cref="Values"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void CopyCodes(int row, Span<ushort> codes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        if (codes.Length != Columns) throw new ArgumentException($"A row of {Columns} columns does not fit {codes.Length} codes.", nameof(codes));
        if (_values.Length > 256)
        {
            MemoryMarshal.Cast<byte, ushort>(_codes).Slice(row * Columns, Columns).CopyTo(codes);
            return;
        }

        ReadOnlySpan<byte> narrow = _codes.AsSpan(row * Columns, Columns);
        for (int i = 0; i < codes.Length; i++) codes[i] = narrow[i];
    }

    /// <summary>Writes the values, bit for bit.</summary>
    /// <param name="values">Rows times columns, row-major.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void CopyTo(Span<float> values)
    {
        if (values.Length != (long)Rows * Columns) throw new ArgumentException($"A matrix of {Rows} x {Columns} does not fit {values.Length} values.", nameof(values));
        ushort[] codes = new ushort[Columns];
        for (int row = 0; row < Rows; row++)
        {
            CopyCodes(row, codes);
            Span<float> target = values.Slice(row * Columns, Columns);
            for (int column = 0; column < codes.Length; column++) target[column] = _values[codes[column]];
        }
    }

    /// <summary>Rows and columns exchanged.</summary>
    public QuantizedMatrix Transpose()
    {
        byte[] transposed = new byte[_codes.Length];
        if (_values.Length > 256) Transpose<ushort>(MemoryMarshal.Cast<byte, ushort>(_codes), MemoryMarshal.Cast<byte, ushort>(transposed.AsSpan()));
        else Transpose<byte>(_codes, transposed);
        return new QuantizedMatrix(Columns, Rows, _values, _counts, transposed);
    }

    /// <summary>What the size of every form follows from; counted once, in one pass.</summary>
    public MatrixStatistics Measure() => _statistics ??= Count();

    private MatrixStatistics Count()
    {
        RowGroups groups = new(this);
        (long groupCount, long paddedCount, long skipped) = (0, 0, 0);
        long[] fillers = new long[RelativeIndexMatrix.MaxGapBits];
        long[] escapes = new long[GroupGaps.Widths.Length];
        ushort[] codes = new ushort[Columns];
        for (int row = 0; row < Rows; row++)
        {
            groups.Read(row);
            groupCount += groups.Present.Count;
            if (groups.Present.Count > 0) paddedCount += groups.Present[^1];
            foreach (int code in groups.Present) GroupGaps.CountEscapes(groups.Columns(code), escapes);
            CopyCodes(row, codes);
            foreach (ushort code in codes)
            {
                if (code == 0)
                {
                    skipped++;
                    continue;
                }

                for (int bits = 1; bits <= fillers.Length && skipped >> bits > 0; bits++) fillers[bits - 1] += skipped >> bits;
                skipped = 0;
            }
        }

        long elements = (long)Rows * Columns;
        int zero = CodeOfZero;
        return new MatrixStatistics
        {
            Rows = Rows,
            Columns = Columns,
            ValueCount = _values.Length,
            EntryCount = elements - _counts[0],
            NonZeroCount = zero < 0 ? elements : elements - _counts[zero],
            GroupCount = groupCount,
            PaddedGroupCount = paddedCount,
            Fillers = fillers,
            GroupEscapes = escapes,
            EntropyBits = elements == 0 ? 0 : OrderZeroEntropy.BitsOf(_counts) / elements,
        };
    }

    private void Transpose<T>(ReadOnlySpan<T> source, Span<T> target)
    {
        // Squares that stay in the cache.
        const int Side = 64;
        for (int top = 0; top < Rows; top += Side)
        {
            for (int left = 0; left < Columns; left += Side)
            {
                for (int row = top; row < Math.Min(top + Side, Rows); row++)
                {
                    for (int column = left; column < Math.Min(left + Side, Columns); column++) target[(column * Rows) + row] = source[(row * Columns) + column];
                }
            }
        }
    }
}
