using Tersor.Cli.Options;
using Tersor.Codec;
using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Representations;

namespace Tersor.Cli;

/// <summary>
/// A model file of any format, opened as a graph that the engine runs: weights are decoded into memory once, straight from the file. Disposing closes the file,
/// from which <see cref="ExecutableGraph.ToOnnx"/> still reads what does not run.
/// </summary>
internal sealed class ExecutableModel : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>Opens a file.</summary>
    /// <param name="invocation">The run.</param>
    /// <param name="path">The file, or <c>-</c>.</param>
    /// <param name="graphPath">Where the network is if the file has none.</param>
    /// <param name="memory">Bounds the weights.</param>
    /// <param name="threads">Compressed tensors decoded side by side.</param>
    /// <param name="lenient">Whether readers tolerate what others tolerate.</param>
    /// <param name="hold">Puts weights into the form that they are run from; null where they are dense.</param>
    /// <exception cref="CommandException">A file is missing, there is no network, or it does not fit the weights.</exception>
    /// <exception cref="UnsupportedModelException">The engine does not run the model; everything it does not run is named.</exception>
    /// <exception cref="ResourceLimitException">The weights take more memory than is left.</exception>
    public ExecutableModel(Invocation invocation, string path, string? graphPath, MemoryBudget memory, int threads, bool lenient, Func<QuantizedMatrix, Representation?>? hold = null)
    {
        Path = path;
        try
        {
            InputFile file = Own(InputFile.Require(invocation, path));

            // Who decodes ahead holds whole tensors.
            Model weights = OpenModel(invocation, file, hold is null ? threads : 1, lenient);
            Weights = weights;
            FileBytes = file.TotalBytes(weights);
            HasOwnGraph = CarriesNetwork(weights);
            Model model = HasOwnGraph ? weights : Join(invocation, weights, graphPath, lenient);
            if (hold is null)
            {
                memory.Take(model.Tensors.Sum(MemoryOf), $"the weights of {path}");
                Graph = ExecutableGraph.Create(OnnxGraph.FromModel(model));
            }
            else
            {
                // What a form takes is known when it is there.
                Graph = ExecutableGraph.Create(OnnxGraph.FromModel(model), hold, invocation.Cancellation);
                memory.Take(Graph.ResidentBytes, $"the weights of {path}");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the user called it.</summary>
    public string Path { get; }

    /// <summary>Bytes of all files that the model lies in; those of <c>--graph</c> are not among them.</summary>
    public long FileBytes { get; }

    /// <summary>Whether the file itself carries the network.</summary>
    public bool HasOwnGraph { get; }

    /// <summary>The file's tensors, as they are in the file.</summary>
    public Model Weights { get; }

    /// <summary>The network with its weights.</summary>
    public ExecutableGraph Graph { get; }

    /// <summary>Refuses outputs that are files which the model was read from.</summary>
    /// <exception cref="CommandException">One is.</exception>
    public void CheckApart(params IEnumerable<string?> outputs) => InputFile.CheckApart(Path, Weights, outputs);

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
    }

    /// <summary>Whether there is something to compute: a list of tensors can be written as ONNX too, as a graph without nodes.</summary>
    public static bool CarriesNetwork(Model model) => model.HasGraph && model is not OnnxModel { Summary.NodeCount: 0 };

    private static long MemoryOf(Tensor tensor) =>
        tensor.ElementType.IsInteger() ? tensor.ElementCount * sizeof(long) : Math.Max(tensor.ByteLength, tensor.ElementCount * sizeof(float));

    private Model OpenModel(Invocation invocation, InputFile file, int threads, bool lenient)
    {
        if (file.Format is not NncFormat) return Own(file.Open(invocation, lenient));
        file.Describe(invocation);
        return Own(CompressedModel.Open(file.Path)).ToModel(threads);
    }

    // The network of one file with the weights of another, and the metadata of both, of which that of the weights wins.
    private Model Join(Invocation invocation, Model weights, string? graphPath, bool lenient)
    {
        if (graphPath is null)
        {
            throw new CommandException(
                ExitCode.Unsupported, "no-graph", $"{Path}: the file carries weights only, no network to run",
                "Name the model that they belong to with --graph MODEL.onnx.");
        }

        InputFile file = Own(InputFile.Require(invocation, graphPath));
        Model network = OpenModel(invocation, file, threads: 1, lenient);
        if (!CarriesNetwork(network)) throw CommandException.Usage($"--graph {graphPath}: the file carries no network either", "Name an .onnx file, or an .nnc file made from one.");
        CheckFit(invocation, weights, network, graphPath);
        Topology topology = network.MakeTopology(tensor => weights.Find(tensor.Name) is not null)!;
        return OnnxModel.FromTopology(topology.Bytes, name => Fit(weights.Find(name), network.Find(name)!), Path).WithMetadata(weights.Metadata);
    }

    private void CheckFit(Invocation invocation, Model weights, Model network, string graphPath)
    {
        List<string> problems = [];
        foreach (Tensor tensor in weights.Tensors)
        {
            if (network.Find(tensor.Name) is not { } place) continue;
            if (!WithoutOnes(tensor.Shape).SequenceEqual(WithoutOnes(place.Shape))) problems.Add($"tensor '{tensor.Name}' is {tensor.Shape}, the network takes {place.Shape}");
            else if (!network.CanDetach(place) && place.ElementCount > 0) problems.Add($"tensor '{tensor.Name}' is stored in {graphPath} in a form that cannot be replaced");
        }

        string[] unknown = [.. weights.Tensors.Select(tensor => tensor.Name).Where(name => network.Find(name) is null)];
        if (unknown.Length == weights.Tensors.Count)
        {
            problems.Add($"no tensor has a name of the network's; the file has {Some(unknown)}, the network {Some([.. network.Tensors.Select(tensor => tensor.Name)])}");
            unknown = [];
        }

        if (problems.Count > 0) throw new CommandException(ExitCode.Usage, "graph-mismatch", $"{Path} and --graph {graphPath}: {string.Join("; ", problems)}");
        if (unknown.Length > 0) invocation.Warn($"{Path}: {Some(unknown)} of no use to the network of {graphPath}");
        string[] kept = [.. network.Tensors.Where(tensor => !tensor.ElementType.IsInteger() && weights.Find(tensor.Name) is null).Select(tensor => tensor.Name)];
        if (kept.Length > 0) invocation.Warn($"{Path} lacks {Some(kept)}: taken from {graphPath}");
    }

    // Narrow floats are widened as the network wants them; a file without types says int32 of whole numbers, which the topology knows better.
    private static Tensor? Fit(Tensor? weight, Tensor place) =>
        weight is not null && place.ElementType == ElementType.Float32 && weight.ElementType != ElementType.Float32 && !weight.ElementType.IsInteger()
            ? new Tensor(weight.Name, weight.Shape, weight.ReadSingles())
            : weight;

    private static IEnumerable<long> WithoutOnes(TensorShape shape) => shape.Dimensions.ToArray().Where(dimension => dimension != 1);

    private static string Some(string[] names) => string.Join(", ", names.Take(5).Select(name => $"'{name}'")) + (names.Length > 5 ? $" and {Output.Numbers.Count(names.Length - 5)} more" : "");

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
