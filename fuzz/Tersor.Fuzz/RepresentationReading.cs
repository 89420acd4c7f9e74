using System.Buffers;
using Tersor.Representations;

namespace Tersor.Fuzz;

/// <summary>What users do with a serialized weight matrix.</summary>
internal static class RepresentationReading
{
    // A few bytes may declare a large matrix of one value: reading it takes nothing, unpacking it all of it.
    private const int Limit = 1 << 16;
    private const int Batch = 17;

    public static void Read(byte[] input) => Representation.Read(input, "representation").Describe();

    /// <summary>Small matrices: products are those of the unpacked matrix, and what is written is what was read.</summary>
    public static void Use(byte[] input)
    {
        Representation representation = Representation.Read(input, "representation");
        (int rows, int columns) = (representation.Rows, representation.Columns);
        if (Math.Max((long)rows * columns, (long)Batch * Math.Max(rows, columns)) > Limit) return;
        ArrayBufferWriter<byte> written = new();
        representation.Write(written);
        Representation again = Representation.Read(written.WrittenSpan, "again");
        float[] values = new float[rows * columns];
        float[] same = new float[rows * columns];
        representation.CopyTo(values);
        again.CopyTo(same);
        if (!values.Select(BitConverter.SingleToInt32Bits).SequenceEqual(same.Select(BitConverter.SingleToInt32Bits))) throw new FuzzFindingException("representation: another matrix comes back from what was written");
        if (values.Append(representation.Shift).Any(value => !(Math.Abs(value) is 0 or (> 1e-15f and < 1e15f)))) return;

        // Small whole numbers, so that neighbours are told apart.
        float[] inputs = [.. Enumerable.Range(0, columns * Batch).Select(i => (float)((i * 7 % 11) - 5))];
        float[] product = new float[rows];
        float[] products = new float[rows * Batch];
        representation.Multiply(inputs.AsSpan(0, columns), product);
        representation.MultiplyColumns(inputs, Batch, products);
        float common = Math.Abs(representation.Shift);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> weights = values.AsSpan(row * columns, columns);
            Compare(weights, common, inputs, 1, product[row]);
            for (int item = 0; item < Batch; item++) Compare(weights, common, inputs.AsSpan(item), Batch, products[(row * Batch) + item]);
        }
    }

    // The value that is left out belongs to what rounding is relative to.
    private static void Compare(ReadOnlySpan<float> weights, float common, ReadOnlySpan<float> inputs, int stride, float product)
    {
        (double sum, double scale) = (0, float.Epsilon);
        for (int column = 0; column < weights.Length; column++)
        {
            double input = inputs[column * stride];
            sum += weights[column] * input;
            scale += (Math.Abs(weights[column]) + common) * Math.Abs(input);
        }

        if (!(Math.Abs(sum - product) <= 1e-4 * scale)) throw new FuzzFindingException($"representation: the product is {product}, of the unpacked matrix {sum}");
    }
}
