namespace Tersor.Engine.Kernels;

/// <summary>The single-precision matrix product.</summary>
/// <remarks>
/// Packed and blocked after K. Goto and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), with the
/// roles of the caches as in their second variant: panels of the right operand in the second-level cache, tiles of the left one
/// in the first. Narrow products go other ways: a row times a matrix reads the matrix once, few rows times a transposed matrix
/// are inner products, and few rows times a matrix read it where it stands. Which way is taken depends on the shape alone.
/// </remarks>
public static unsafe class MatrixProduct
{
    // Below this many multiply-adds a second thread costs more than it brings.
    private const long SmallestParallelWork = 200_000;

    // A packed left operand beyond this many values is made and used in parts.
    private const long LargestPackedLeft = 4L << 20;

    private const int LargestDotRows = 16;

    /// <summary>
    /// <c>C = alpha op(A) op(B) + beta C</c>, all row-major: op(A) is m x k, op(B) is k x n, C is m x n. With
    /// <paramref name="beta"/> zero, C is not read. Results do not depend on the number of threads.
    /// </summary>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Depth: with zero, C is scaled by beta.</param>
    /// <param name="a">A, or its transpose when <paramref name="transposeA"/>.</param>
    /// <param name="lda">Values from one row of what <paramref name="a"/> holds to the next.</param>
    /// <param name="transposeA">Whether <paramref name="a"/> holds k rows of m.</param>
    /// <param name="b">B, or its transpose when <paramref name="transposeB"/>.</param>
    /// <param name="ldb">Values from one row of what <paramref name="b"/> holds to the next.</param>
    /// <param name="transposeB">Whether <paramref name="b"/> holds n rows of k.</param>
    /// <param name="c">C. Must not overlap the others.</param>
    /// <param name="ldc">Values from one row of C to the next.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="beta">Factor of what C holds.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">A size is negative, a stride is shorter than a row, or a span is shorter than its matrix.</exception>
    public static void Multiply(
        int m,
        int n,
        int k,
        ReadOnlySpan<float> a,
        int lda,
        bool transposeA,
        ReadOnlySpan<float> b,
        int ldb,
        bool transposeB,
        Span<float> c,
        int ldc,
        float alpha,
        float beta,
        KernelThreads threads) =>
        Multiply(VectorWidths.Widest, m, n, k, a, lda, transposeA, b, ldb, transposeB, c, ldc, alpha, beta, default, Activation.None, threads);

    /// <summary>
    /// <c>C = activation(op(A) op(B) + bias)</c>, the bias one value per column or empty; the rest as in
    /// <see cref="Multiply(int, int, int, ReadOnlySpan{float}, int, bool, ReadOnlySpan{float}, int, bool, Span{float}, int, float, float, KernelThreads)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">As there, or the bias is neither empty nor n long.</exception>
    public static void MultiplyWithBias(
        int m,
        int n,
        int k,
        ReadOnlySpan<float> a,
        int lda,
        bool transposeA,
        ReadOnlySpan<float> b,
        int ldb,
        bool transposeB,
        ReadOnlySpan<float> bias,
        Activation activation,
        Span<float> c,
        int ldc,
        KernelThreads threads) =>
        Multiply(VectorWidths.Widest, m, n, k, a, lda, transposeA, b, ldb, transposeB, c, ldc, 1f, 0f, bias, activation, threads);

    internal static void Multiply(
        VectorWidth width,
        int m,
        int n,
        int k,
        ReadOnlySpan<float> a,
        int lda,
        bool transposeA,
        ReadOnlySpan<float> b,
        int ldb,
        bool transposeB,
        Span<float> c,
        int ldc,
        float alpha,
        float beta,
        ReadOnlySpan<float> columnBias,
        Activation activation,
        KernelThreads threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentNullException.ThrowIfNull(threads);
        RequireMatrix(a.Length, transposeA ? k : m, transposeA ? m : k, lda, nameof(a));
        RequireMatrix(b.Length, transposeB ? n : k, transposeB ? k : n, ldb, nameof(b));
        RequireMatrix(c.Length, m, n, ldc, nameof(c));
        if (columnBias.Length != 0 && columnBias.Length != n)
        {
            throw new ArgumentException($"A bias of {columnBias.Length} values does not fit {n} columns.", nameof(columnBias));
        }

        if (m == 0 || n == 0)
        {
            return;
        }

        fixed (float* pointerA = a, pointerB = b, pointerC = c, pointerBias = columnBias)
        {
            var operands = new ProductOperands
            {
                Width = width,
                M = m,
                N = n,
                K = k,
                A = pointerA,
                StrideA = lda,
                TransposeA = transposeA,
                B = pointerB,
                StrideB = ldb,
                TransposeB = transposeB,
                C = pointerC,
                StrideC = ldc,
                Alpha = alpha,
                Beta = beta,
                Epilogue = new ProductEpilogue { ColumnBias = pointerBias, Activation = activation },
            };
            Multiply(operands, threads);
        }
    }

    private static void Multiply(ProductOperands operands, KernelThreads threads)
    {
        if (operands.N == 1 && operands.StrideC == 1 && operands.M > 1 && operands.Epilogue.ColumnBias is null)
        {
            // A matrix times a column is the transpose of a row times a matrix.
            operands = operands.Transposed();
        }

        bool parallel = (long)operands.M * operands.N * operands.K >= SmallestParallelWork;
        int threadsUsed = parallel ? threads.Count : 1;
        if (operands.K == 0 || operands.Alpha == 0f)
        {
            operands.ScaleResult();
            operands.Finish(0, operands.M, 0, operands.N);
        }
        else if (operands.TransposeB && (operands.M == 1 || (!operands.TransposeA && operands.M <= LargestDotRows)))
        {
            var job = new DotProductJob(operands, threadsUsed);
            threads.Run(job.Tasks, ref job);
        }
        else if (operands.M == 1)
        {
            var job = new RowProductJob(operands, threadsUsed);
            threads.Run(job.Tasks, ref job);
        }
        else
        {
            MultiplyBlocked(operands, threadsUsed, threads);
        }
    }

    private static void MultiplyBlocked(in ProductOperands operands, int threadsUsed, KernelThreads threads)
    {
        bool accumulate = operands.Beta != 0f;
        if (operands.Beta is not (0f or 1f))
        {
            operands.ScaleResult();
        }

        // Parts of the left operand: all of it unless it is very large. Steps come in whole blocks of the depth.
        long rowsAtOnce = Math.Max(LargestPackedLeft / operands.K / 12 * 12, 192);
        int rowsPerPart = (int)Math.Min(operands.M, rowsAtOnce);
        for (int row = 0; row < operands.M; row += rowsPerPart)
        {
            int rows = Math.Min(rowsPerPart, operands.M - row);
            var tiles = new RowTiles(rows);
            float* buffer = threads.CallerScratch.Reserve(ScratchUse.PackedLeft, PackedLeft.Length(tiles, operands.K));
            var packed = new PackedLeft(buffer, tiles, operands.K);
            var pack = new PackLeftJob
            {
                Source = operands.A + (operands.TransposeA ? row : row * operands.StrideA),
                Stride = operands.StrideA,
                Transposed = operands.TransposeA,
                Scale = operands.Alpha,
                Rows = rows,
                Packed = packed,
            };
            threads.Run(pack.Tasks, ref pack);
            var multiply = new BlockedProductJob(operands, row, rows, packed, accumulate, tiles.Count <= BlockedProduct.LargestDirectTiles, threadsUsed);
            threads.Run(multiply.Tasks, ref multiply);
        }
    }

    private static void RequireMatrix(int length, int rows, int columns, int stride, string name)
    {
        if (stride < Math.Max(columns, 1))
        {
            throw new ArgumentException($"A stride of {stride} is shorter than a row of {columns}.", name);
        }

        long needed = rows == 0 || columns == 0 ? 0 : (long)(rows - 1) * stride + columns;
        if (length < needed)
        {
            throw new ArgumentException($"A matrix of {rows} x {columns} with stride {stride} takes {needed} values; {length} were given.", name);
        }
    }
}
