using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Fuzz;

/// <summary>The readers of ONNX models and of topologies, which are ONNX models without weights.</summary>
public static class OnnxTargets
{
    private static readonly TensorShape SmallShape = new(2);

    /// <summary>A model that opens must come apart and together again to the same bytes.</summary>
    internal static FuzzTarget Model() => new(
        "onnx",
        FuzzTargets.ModelErrors,
        input => SmallTensors.Read(() => OnnxModel.Open(ByteSource.FromMemory(input))),
        input => SmallTensors.Read(() => OnnxModel.Open(ByteSource.FromMemory(input), ModelReadOptions.Default with { Lenient = true })),
        input =>
        {
            using OnnxModel model = OnnxModel.Open(ByteSource.FromMemory(input));
            using OnnxModel joined = OnnxModel.FromTopology(model.MakeTopology(_ => true).Bytes, model.Find, "joined");
            if (!OnnxWriter.ToArray(joined).AsSpan().SequenceEqual(input)) throw new FuzzFindingException("onnx: apart and together again gives other bytes");
        });

    /// <summary>A topology that joins must be writable, and come apart again.</summary>
    /// <param name="name">The target's name.</param>
    /// <param name="tensors">The tensors to join with.</param>
    public static FuzzTarget Topology(string name, Func<string, Tensor?> tensors) => new(
        name,
        FuzzTargets.ModelErrors,
        input =>
        {
            using OnnxModel joined = OnnxModel.FromTopology(input, tensors, "joined");
            if (OnnxWriter.MeasureInline(joined) != OnnxWriter.ToArray(joined).Length)
                throw new FuzzFindingException($"{name}: written with another length than measured");
            joined.MakeTopology(_ => false);
            joined.MakeTopology(_ => true);
            SmallTensors.Read(() => joined);
        });

    /// <summary>Two numbers of binary32 for every name.</summary>
    internal static Tensor SmallTensor(string name) => new(name, SmallShape, [1, 2]);
}
