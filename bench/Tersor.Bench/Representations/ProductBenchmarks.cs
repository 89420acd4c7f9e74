using BenchmarkDotNet.Attributes;
using Tersor.Bench.Engine;
using Tersor.Representations;

namespace Tersor.Bench.Representations;

/// <summary>Products of the forms of AlexNet's fc7 and of a matrix of 16 values, with a vector and with 64 columns.</summary>
[MemoryDiagnoser]
public class ProductBenchmarks
{
    private Representation _representation = null!;
    private float[] _columns = [];
    private float[] _products = [];

    [ParamsSource(nameof(Matrices))]
    public BenchmarkMatrix Matrix { get; set; } = null!;

    [Params("dense", "csr32", "csr16", "csr-codes", "cer", "cser", "codes")]
    public string Form { get; set; } = "";

    [Params(1, 64)]
    public int Batch { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    public static IEnumerable<BenchmarkMatrix> Matrices => BenchmarkMatrix.All.Where(matrix => matrix.Name is "fc7" or "16 values");

    [GlobalSetup]
    public void Setup()
    {
        if (!RepresentationFormats.TryParse(Form, out RepresentationFormat? format)) throw new InvalidOperationException($"There is no form '{Form}'.");
        _representation = Representation.Create(Matrix.Make(), format.Value);
        _columns = KernelData.Values(Matrix.Columns * Batch, 1);
        _products = new float[Matrix.Rows * Batch];
    }

    [Benchmark]
    public void Multiply() => _representation.MultiplyColumns(_columns, Batch, _products, Threads);
}
