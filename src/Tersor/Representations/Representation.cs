using Tersor.Representations.Kernels;

namespace Tersor.Representations;

/// <summary>
/// A weight matrix in a form that products are computed from: <c>y = W x</c> without the dense matrix. Immutable, and safe to use from several threads at once.
/// </summary>
/// <remarks>
/// Products are sums of binary32 values, in an order that depends on the format and on the vector width of the machine, never on the number of threads. They agree
/// with the dense product to 1e-5 of <c>sum |w x|</c> (and of <c>|v| sum |x|</c>, v being the most frequent value, in the forms that leave it out). Weights
/// that are left out are not multiplied: where x is infinite or NaN, a zero there gives nothing, where the dense product gives NaN.
/// </remarks>
public abstract partial class Representation
{
    // A task's share of the rows: enough that starting it costs nothing beside it.
    private const int RowsPerTask = 64;
    private const int RowsPerPanelTask = 16;

    // Of elements, rows and columns: what one array holds, less what rounding up to tasks adds.
    private const int MaxLength = int.MaxValue - 1024;

    private protected Representation(int rows, int columns)
    {
        Rows = rows;
        Columns = columns;
    }

    /// <summary>What form it is.</summary>
    public abstract RepresentationFormat Format { get; }

    /// <summary>Rows: values of a product.</summary>
    public int Rows { get; }

    /// <summary>Columns: values of a vector that is multiplied.</summary>
    public int Columns { get; }

    /// <summary>All that it consists of.</summary>
    public abstract IReadOnlyList<StoredArray> Arrays { get; }

    /// <summary>Size of all arrays, exact to the bit.</summary>
    public long SizeInBits => Arrays.Sum(array => array.SizeInBits);

    /// <summary>Bytes of memory that it occupies while it is run from.</summary>
    public long ResidentBytes => SizeInBits / 8;

    /// <summary>The value that is left out and made up for by the sum of the inputs; 0 where there is none or it is zero.</summary>
    internal virtual float Shift => 0;

    /// <summary>Additions and multiplications of one product with a vector, without those of the shift.</summary>
    private protected abstract (long Multiplications, long Additions) Arithmetic { get; }

    /// <summary>How often an element of the vector is read in one product, without the sum of the shift.</summary>
    private protected abstract long InputLoads { get; }

    /// <summary>Puts a matrix into a form.</summary>
    /// <param name="matrix">The values and where they are.</param>
    /// <param name="format">The form.</param>
    /// <exception cref="ArgumentException">The form cannot hold it: the message says why and what can.</exception>
    public static Representation Create(QuantizedMatrix matrix, RepresentationFormat format)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        FormatEntry entry = FormatEntry.Of(format);
        if (entry.Refuse(matrix.Columns, matrix.Values.Length) is { } reason) throw new ArgumentException(reason, nameof(format));
        return entry.Create(matrix);
    }

    /// <summary>Holds a matrix of any values as it is.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="values">Row-major; taken over, not copied.</param>
    /// <exception cref="ArgumentException">There are not rows times columns values.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or there are more elements than one array can hold.</exception>
    public static Representation FromDense(int rows, int columns, float[] values)
    {
        ThrowIfNoShape(rows, columns);
        ArgumentNullException.ThrowIfNull(values);
        if ((long)rows * columns != values.Length) throw new ArgumentException($"A matrix of {rows} x {columns} has {values.Length} values.", nameof(values));
        return new DenseMatrix(rows, columns, values);
    }

    /// <summary><c>product = W vector</c>.</summary>
    /// <param name="vector">A value for each column.</param>
    /// <param name="product">A value for each row; overwritten. Must not overlap the vector.</param>
    /// <param name="threads">Threads to compute on, at least 1; the result does not depend on it.</param>
    /// <exception cref="ArgumentException">A length does not fit the matrix.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one thread.</exception>
    public void Multiply(ReadOnlySpan<float> vector, Span<float> product, int threads = 1) => Multiply(vector, product, threads, LaneWidths.Widest);

    /// <summary><c>products = W columns</c> for a batch of columns.</summary>
    /// <param name="columns">Row-major [<see cref="Columns"/>][batch]: the values that meet the same column of the matrix are contiguous over the batch, as in the patch matrix of a convolution.</param>
    /// <param name="batch">Columns that are multiplied at once, 0 or more.</param>
    /// <param name="products">Row-major [<see cref="Rows"/>][batch]; overwritten. Must not overlap the columns.</param>
    /// <param name="threads">Threads to compute on, at least 1; the result does not depend on it.</param>
    /// <exception cref="ArgumentException">A length does not fit matrix and batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A negative batch, or fewer than one thread.</exception>
    public void MultiplyColumns(ReadOnlySpan<float> columns, int batch, Span<float> products, int threads = 1) => MultiplyColumns(columns, batch, products, threads, LaneWidths.Widest);

    /// <summary>Writes the values, bit for bit those that it was made of.</summary>
    /// <param name="values">Rows times columns, row-major.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void CopyTo(Span<float> values)
    {
        if (values.Length != (long)Rows * Columns) throw new ArgumentException($"A matrix of {Rows} x {Columns} does not fit {values.Length} values.", nameof(values));
        CopyRows(0, Rows, values);
    }

    /// <summary>The table and codes that it was made of.</summary>
    /// <exception cref="InvalidOperationException">It is dense and has more than <see cref="QuantizedMatrix.MaxValueCount"/> different values.</exception>
    public QuantizedMatrix ToQuantizedMatrix()
    {
        QuantizedMatrixBuilder builder = new(Rows, Columns);
        float[] values = new float[(int)Math.Min(RowsPerTask, Rows) * Columns];
        for (int first = 0; first < Rows; first += RowsPerTask)
        {
            int end = Math.Min(first + RowsPerTask, Rows);
            CopyRows(first, end, values.AsSpan(0, (end - first) * Columns));
            for (int row = 0; row < end - first; row++)
            {
                if (!builder.TryAddRow(values.AsSpan(row * Columns, Columns)))
                    throw new InvalidOperationException($"The matrix has more than {QuantizedMatrix.MaxValueCount:N0} different values.");
            }
        }

        return builder.Build();
    }

    /// <summary>What one product with a vector takes.</summary>
    /// <param name="energy">What operations cost; null for <see cref="EnergyTable.Cmos45"/>.</param>
    public ProductCost Describe(EnergyTable? energy = null)
    {
        energy ??= EnergyTable.Cmos45;
        (long multiplications, long additions) = Arithmetic;
        long inputs = InputLoads;
        if (Shift != 0)
        {
            // The sum of the inputs once, scaled once, added to every row.
            inputs += Columns;
            multiplications++;
            additions += Columns - 1 + Rows;
        }

        double picojoules = (inputs * energy.Access(32, 4L * Columns)) + (Rows * energy.Access(32, 4L * Rows))
            + (multiplications * energy.Multiplication(32)) + (additions * energy.Addition(32));
        long loads = inputs;
        foreach (StoredArray array in Arrays)
        {
            loads += array.LoadsPerProduct;
            picojoules += array.LoadsPerProduct * energy.Access(array.BitsPerElement, array.SizeInBits / 8);
        }

        return new ProductCost { Loads = loads, Multiplications = multiplications, Additions = additions, Writes = Rows, EnergyInPicojoules = picojoules };
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Format.Name()} {Rows}x{Columns}, {ResidentBytes:N0} bytes";

    internal static void ThrowIfNoShape(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MaxLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(columns, MaxLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)rows * columns, MaxLength, nameof(rows));
    }

    internal unsafe void Multiply(ReadOnlySpan<float> vector, Span<float> product, int threads, LaneWidth width)
    {
        if (vector.Length != Columns) throw new ArgumentException($"A matrix of {Rows} x {Columns} is multiplied by {vector.Length} values.", nameof(vector));
        if (product.Length != Rows) throw new ArgumentException($"A matrix of {Rows} x {Columns} gives {Rows} values; there is room for {product.Length}.", nameof(product));
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (Columns == 0)
        {
            product.Clear();
            return;
        }

        float shift = Shift == 0 ? 0 : Shift * System.Numerics.Tensors.TensorPrimitives.Sum(vector);
        fixed (float* input = vector, output = product)
        {
            float* x = input;
            float* y = output;
            RowBlocks.Run((Rows + RowsPerTask - 1) / RowsPerTask, threads, task =>
            {
                int first = task * RowsPerTask;
                int end = Math.Min(first + RowsPerTask, Rows);
                MultiplyRows(width, x, first, end, y + first);
                if (Shift == 0) return;
                for (int row = first; row < end; row++) y[row] += shift;
            });
        }
    }

    internal unsafe void MultiplyColumns(ReadOnlySpan<float> columns, int batch, Span<float> products, int threads, LaneWidth width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        if (columns.Length != (long)Columns * batch) throw new ArgumentException($"A matrix of {Rows} x {Columns} and a batch of {batch} are multiplied by {columns.Length} values.", nameof(columns));
        if (products.Length != (long)Rows * batch) throw new ArgumentException($"A matrix of {Rows} x {Columns} and a batch of {batch} give {(long)Rows * batch} values; there is room for {products.Length}.", nameof(products));
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (batch == 1)
        {
            Multiply(columns, products, threads, width);
            return;
        }

        if (Columns == 0 || batch == 0)
        {
            products.Clear();
            return;
        }

        fixed (float* input = columns, output = products)
        {
            float* y = output;
            using ColumnPanels panels = new(input, Columns, batch, GathersInputs, Shift != 0, threads);
            int blocks = (Rows + RowsPerPanelTask - 1) / RowsPerPanelTask;
            RowBlocks.Run(panels.Count * blocks, threads, task => MultiplyBlock(width, panels, task / blocks, task % blocks * RowsPerPanelTask, batch, y));
        }
    }

    /// <summary>Whether a row meets some of the inputs only.</summary>
    private protected virtual bool GathersInputs => true;

    /// <summary>Values of some rows.</summary>
    private protected abstract void CopyRows(int first, int end, Span<float> values);

    /// <summary>The products of some rows with a vector; the shift is added by the caller.</summary>
    private protected abstract unsafe void MultiplyRows(LaneWidth width, float* vector, int first, int end, float* product);

    /// <summary>The products of some rows with a panel, a row of as many values as the panel is wide after the other; the shift is added by the caller.</summary>
    private protected abstract unsafe void MultiplyPanel(LaneWidth width, float* panel, int panelWidth, int first, int end, float* products);

    private unsafe void MultiplyBlock(LaneWidth width, ColumnPanels panels, int panel, int first, int batch, float* products)
    {
        int end = Math.Min(first + RowsPerPanelTask, Rows);
        int panelWidth = panels.WidthOf(panel);
        float* results = stackalloc float[RowsPerPanelTask * ColumnPanels.MostWidth];
        MultiplyPanel(width, panels.Panel(panel), panelWidth, first, end, results);
        for (int row = first; row < end; row++)
        {
            Span<float> sums = new(results + ((row - first) * panelWidth), panelWidth);
            if (Shift != 0) System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(panels.Sums(panel), Shift, sums, sums);
            sums[..panels.ColumnsOf(panel)].CopyTo(new Span<float>(products + ((long)row * batch) + (panel * panels.FullWidth), panels.ColumnsOf(panel)));
        }
    }
}
