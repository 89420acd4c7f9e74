using Tersor.Bench;
using Tersor.Representations;

namespace Tersor.Experiments.Representations;

/// <summary>The fastest of the runs that fit a time, of products with a vector and with 64 columns, on one thread.</summary>
internal sealed class ProductTiming
{
    public const int Batch = 64;
    private const double SecondsPerTiming = 0.15;

    public ProductTiming(Representation representation)
    {
        float[] columns = [.. Enumerable.Range(0, representation.Columns * Batch).Select(i => (i * 7919 % 1000 / 500f) - 1)];
        float[] products = new float[representation.Rows * Batch];
        VectorMilliseconds = FastestRun.Of(() => representation.Multiply(columns.AsSpan(0, representation.Columns), products.AsSpan(0, representation.Rows)), SecondsPerTiming);
        BatchMilliseconds = FastestRun.Of(() => representation.MultiplyColumns(columns, Batch, products), SecondsPerTiming);
    }

    public double VectorMilliseconds { get; }

    public double BatchMilliseconds { get; }
}
