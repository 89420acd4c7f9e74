using System.Numerics.Tensors;
using Tersor.Representations.Kernels;

namespace Tersor.Representations;

/// <summary>Every value, row by row.</summary>
internal sealed class DenseMatrix(int rows, int columns, float[] values) : Representation(rows, columns)
{
    public override RepresentationFormat Format => RepresentationFormat.Dense;

    public override IReadOnlyList<StoredArray> Arrays => [new("W", values.Length, 32, values.Length)];

    private protected override (long Multiplications, long Additions) Arithmetic => (values.Length, Math.Max(0, values.Length - Rows));

    private protected override long InputLoads => values.Length;

    public static Representation Of(QuantizedMatrix matrix)
    {
        float[] values = GC.AllocateUninitializedArray<float>(matrix.Rows * matrix.Columns);
        matrix.CopyTo(values);
        return new DenseMatrix(matrix.Rows, matrix.Columns, values);
    }

    public static Representation Read(ref RepresentationReader reader, int rows, int columns)
    {
        float[] values = reader.ReadArray<float>("W");
        return values.Length == (long)rows * columns ? new DenseMatrix(rows, columns, values) : throw reader.Damaged($"W has {values.Length:N0} values, {(long)rows * columns:N0} are expected");
    }

    private protected override void WriteArrays(in RepresentationWriter writer) => writer.WriteArray<float>(values);

    private protected override bool GathersInputs => false;

    private protected override void CopyRows(int first, int end, Span<float> target) => values.AsSpan(first * Columns, (end - first) * Columns).CopyTo(target);

    private protected override unsafe void MultiplyRows(LaneWidth width, float* vector, int first, int end, float* product)
    {
        ReadOnlySpan<float> input = new(vector, Columns);
        for (int row = first; row < end; row++) *product++ = TensorPrimitives.Dot(values.AsSpan(row * Columns, Columns), input);
    }

    private protected override unsafe void MultiplyPanel(LaneWidth width, float* panel, int panelWidth, int first, int end, float* products)
    {
        fixed (float* all = values) DenseRows.Multiply(width, panel, panelWidth, all + (first * Columns), end - first, Columns, products);
    }
}
