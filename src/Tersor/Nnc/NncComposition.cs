using System.Numerics.Tensors;

namespace Tersor.Nnc;

/// <summary>
/// The steps that turn tensors as coded into those a network works with (NNC implementer's text, section 10). Every sum and product is rounded in a stated
/// order, so that the results are the same bits on every machine.
/// </summary>
public static class NncComposition
{
    /// <summary>Local scaling: weight[r, c] = binary32(weight[r, c] * scaling[r]).</summary>
    /// <param name="weight">Rows times columns values, row-major; changed in place.</param>
    /// <param name="scaling">One factor per row.</param>
    /// <exception cref="ArgumentException">The weight's length is not a multiple of the number of rows.</exception>
    public static void ScaleRows(Span<float> weight, ReadOnlySpan<float> scaling)
    {
        if (weight.IsEmpty) return;
        if (scaling.IsEmpty || weight.Length % scaling.Length != 0)
            throw new ArgumentException($"{weight.Length} weights have no {scaling.Length} rows.", nameof(scaling));
        ScaleRows(weight, scaling, weight.Length / scaling.Length, 0);
    }

    /// <summary>Scales a part of a weight: any values that follow each other.</summary>
    /// <param name="part">Changed in place.</param>
    /// <param name="scaling">One factor per row of the weight.</param>
    /// <param name="columns">Values of a row.</param>
    /// <param name="start">How many values of the weight come before the part.</param>
    internal static void ScaleRows(Span<float> part, ReadOnlySpan<float> scaling, int columns, int start)
    {
        while (!part.IsEmpty)
        {
            Span<float> row = part[..Math.Min(part.Length, columns - (start % columns))];
            TensorPrimitives.Multiply(row, scaling[start / columns], row);
            part = part[row.Length..];
            start += row.Length;
        }
    }

    /// <summary>
    /// Decomposition: product[r, c] = binary32(sum over k of left[r, k] * right[k, c]), summed in binary64 from k = 0 upward; the products are exact in it.
    /// </summary>
    /// <param name="left">G, rows x rank, row-major.</param>
    /// <param name="right">H, rank x columns, row-major.</param>
    /// <param name="rank">Columns of G and rows of H; with 0 the product is zero.</param>
    /// <param name="product">Rows x columns, row-major.</param>
    /// <param name="cancellationToken">Looked at in each row.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other.</exception>
    public static void Multiply(ReadOnlySpan<float> left, ReadOnlySpan<float> right, int rank, Span<float> product, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        if (rank == 0)
        {
            product.Clear();
            return;
        }

        int rows = left.Length / rank;
        int columns = right.Length / rank;
        if (rows * rank != left.Length || columns * rank != right.Length || (long)rows * columns != product.Length)
            throw new ArgumentException($"{left.Length} and {right.Length} values are no factors of rank {rank} for {product.Length} values.", nameof(product));
        double[] sums = new double[columns];
        for (int row = 0; row < rows; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Array.Clear(sums);
            for (int k = 0; k < rank; k++)
            {
                double factor = left[(row * rank) + k];
                ReadOnlySpan<float> line = right.Slice(k * columns, columns);
                for (int column = 0; column < line.Length; column++) sums[column] += factor * line[column];
            }

            Span<float> result = product.Slice(row * columns, columns);
            for (int column = 0; column < result.Length; column++) result[column] = (float)sums[column];
        }
    }

    /// <summary>
    /// Batch norm tensors for a layer whose batch norm was folded into local scaling and bias, for a network that still has the operator: gamma and variance
    /// 1, mean 0; beta takes over the folded bias where the layer itself has none.
    /// </summary>
    /// <param name="foldedBias">The bias of the stream, one per channel.</param>
    /// <param name="layerHasBias">Whether the layer keeps the bias itself; then beta is 0.</param>
    public static BatchNormTensors UnfoldBatchNorm(ReadOnlySpan<float> foldedBias, bool layerHasBias)
    {
        float[] ones = new float[foldedBias.Length];
        Array.Fill(ones, 1f);
        float[] beta = layerHasBias ? new float[foldedBias.Length] : foldedBias.ToArray();
        return new BatchNormTensors(beta, ones, new float[foldedBias.Length], [.. ones]);
    }
}
