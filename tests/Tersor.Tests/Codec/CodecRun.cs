using System.Runtime.InteropServices;
using Tersor.Codec;
using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Tests.Codec;

/// <summary>Models made in memory, and what compressing one gave.</summary>
internal sealed record CodecRun(byte[] Bytes, CompressionReport Report)
{
    /// <summary>Methods that a plan can name.</summary>
    public static IEnumerable<TensorMethod> Methods => TensorMethods.All.Select(entry => entry.Method);

    public static CodecRun Of(Model model, CompressionPlan plan, int threads = 1, IReadOnlyDictionary<string, RowCurvature>? curvatures = null, PlanStatistics? statistics = null)
    {
        using MemoryStream stream = new();
        CompressionReport report = ModelCompressor.Compress(model, plan, stream, threads, statistics: curvatures is null ? statistics : new PlanStatistics { Curvatures = curvatures });
        return new CodecRun(stream.ToArray(), report);
    }

    /// <summary>Every tensor that the method can take by that method, the others without loss.</summary>
    public static CompressionPlan Plan(Model model, TensorMethod method, int qp = -20, int edition = 2, TopologyCarriage topology = TopologyCarriage.Auto) => new()
    {
        Edition = edition,
        Topology = topology,
        Tensors =
        [
            .. model.Tensors.Select(tensor =>
                Settings(tensor.Name, method.IsLossy() && !tensor.ElementType.IsQuantizable() ? TensorMethod.Lossless : method, qp)),
        ],
    };

    /// <summary>Settings that are complete for any method; a bound is such that the QP's step is the widest to keep it.</summary>
    public static TensorPlan Settings(string name, TensorMethod method, int qp) => new()
    {
        Name = name,
        Method = method,
        Qp = qp,
        Lambda = method is TensorMethod.UniformRdo or TensorMethod.TrellisRdo ? 1 : 0,
        CodebookSize = method == TensorMethod.Codebook ? 16 : 0,
        ErrorBound = method == TensorMethod.ErrorBounded ? new ErrorBound(ErrorBoundMode.Absolute, StepSize.FromQp(qp) / 2) : null,
    };

    public static Model Model(params IReadOnlyList<Tensor> tensors) => new("memory", "memory", tensors);

    public static float[] Gaussian(int count, float deviation, ulong seed)
    {
        Seeded random = new(seed);
        float[] values = new float[count];
        foreach (ref float value in values.AsSpan()) value = random.NextGaussian() * deviation;
        return values;
    }

    public static Tensor Floats(string name, float deviation, params long[] shape)
    {
        TensorShape full = new(shape);
        return new Tensor(name, full, Gaussian((int)full.ElementCount, deviation, (ulong)name.Length));
    }

    public static Tensor Of<T>(string name, ElementType type, TensorShape shape, params T[] elements)
        where T : unmanaged =>
        new(name, type, shape, ByteSource.FromMemory(MemoryMarshal.AsBytes(elements.AsSpan()).ToArray(), name));

    /// <summary>A model with something for every method: matrices, a convolution, vectors, few shared values, integers, a narrow float.</summary>
    public static Model Mixed() => new(
        "memory",
        "memory",
        [
            Floats("fc.weight", 0.1f, 40, 30),
            Floats("conv.weight", 0.2f, 8, 4, 3, 3),
            Floats("bias", 0.5f, 40),
            new Tensor("pruned", new TensorShape(30, 20), [.. Gaussian(600, 1, 5).Select(value => MathF.Abs(value) < 1.5f ? 0 : MathF.Sign(value) * 0.25f)]),
            Of("half", ElementType.Float16, new TensorShape(10, 9), [.. Gaussian(90, 0.3f, 6).Select(value => (Half)value)]),
            Of("steps", ElementType.Int64, new TensorShape(30), [.. Enumerable.Range(0, 30).Select(i => (long)i * i)]),
            Of("ids", ElementType.Int64, new TensorShape(3), long.MaxValue, long.MinValue, 1L << 40),
            new Tensor("scale", default, [0.125f]),
        ],
        new Dictionary<string, string> { ["made by"] = "a test", ["ünïcode"] = "→ 日本" });

    public static byte[] BytesOf(Model model, string name) => model.Find(name)!.Data.ReadAll().ToArray();
}
