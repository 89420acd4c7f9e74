using System.Text;
using Tersor.Models;
using Tersor.Models.DeepCompression;
using Tersor.Models.Npz;
using Tersor.Models.PyTorch;
using Tersor.Models.Safetensors;
using Tersor.Plans;

namespace Tersor.Fuzz;

/// <summary>Every target, one per reader.</summary>
public static class FuzzTargets
{
    /// <summary>What readers of models and streams may throw.</summary>
    internal static readonly Type[] ModelErrors = [typeof(ModelFormatException), typeof(UnsupportedModelException), typeof(ResourceLimitException)];

    /// <summary>The network that inputs of <see cref="DeepCompression"/> are of: so small that short inputs reach its end.</summary>
    public static DeepCompressionNetwork OneLayer { get; } = new("one layer", [new("fc", new TensorShape(2, 10))]);

    public static FuzzTarget Onnx { get; } = OnnxTargets.Model();

    public static FuzzTarget OnnxTopology { get; } = OnnxTargets.Topology("onnx-topology", OnnxTargets.SmallTensor);

    public static FuzzTarget Safetensors { get; } = Reader("safetensors", (source, options) => SafetensorsReader.Open(source, options));

    public static FuzzTarget Npz { get; } = Reader("npz", (source, options) => NpzReader.Open(source, options));

    public static FuzzTarget Npy { get; } = Reader("npy", (source, options) => NpzReader.Open(source, options));

    public static FuzzTarget PyTorch { get; } = Reader("pytorch", (source, options) => PyTorchReader.Open(source, options));

    /// <summary>Pickles in a sound archive: the check values of a damaged archive keep most damage from the unpickler.</summary>
    public static FuzzTarget Pickle { get; } = Reader(
        "pickle", (source, options) => PyTorchReader.Open(ByteSource.FromMemory(PickleArchive.Of(source.ReadAll())), options));

    public static FuzzTarget DeepCompression { get; } = Reader("deep-compression", (source, _) => DeepCompressionFormat.Open(source, OneLayer));

    public static FuzzTarget Nnc { get; } = new("nnc", ModelErrors, NncReading.ReadUnits, NncReading.ReadModel);

    /// <summary>The first half of <see cref="Nnc"/>, for tests that attack with many inputs. Not listed in <see cref="All"/>.</summary>
    public static FuzzTarget NncUnits { get; } = new("nnc", ModelErrors, NncReading.ReadUnits);

    /// <summary>A model that is read must come back the same from what is written.</summary>
    public static FuzzTarget Dcz { get; } = new("dcz", ModelErrors, DczReading.Read, DczReading.WriteAgain);

    /// <summary>A plan that is read must come back the same from what is written.</summary>
    public static FuzzTarget Plan { get; } = new("plan", [typeof(PlanException)], input =>
    {
        CompressionPlan plan = CompressionPlan.FromJson(Encoding.UTF8.GetString(input), "plan");
        string json = plan.ToJson();
        if (CompressionPlan.FromJson(json, "again").ToJson() != json) throw new FuzzFindingException("plan: another one comes back from what was written");
    });

    /// <summary>Whatever is accepted can be multiplied and unpacked.</summary>
    public static FuzzTarget Representation { get; } = new("representation", ModelErrors, RepresentationReading.Read, RepresentationReading.Use);

    public static IReadOnlyList<FuzzTarget> All { get; } = [Onnx, OnnxTopology, Safetensors, Npz, Npy, PyTorch, Pickle, DeepCompression, Nnc, Dcz, Plan, Representation];

    /// <summary>Reads strictly and leniently.</summary>
    private static FuzzTarget Reader(string name, Func<ByteSource, ModelReadOptions, Model> open) => new(
        name,
        ModelErrors,
        input => SmallTensors.Read(() => open(ByteSource.FromMemory(input), ModelReadOptions.Default)),
        input => SmallTensors.Read(() => open(ByteSource.FromMemory(input), ModelReadOptions.Default with { Lenient = true })));
}
