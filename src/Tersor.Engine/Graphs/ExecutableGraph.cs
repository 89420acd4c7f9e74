using System.Buffers.Binary;
using Tersor.Engine.Kernels;
using Tersor.Engine.Operators;
using Tersor.Models;
using Tersor.Models.Onnx;
using Tersor.Representations;

namespace Tersor.Engine.Graphs;

/// <summary>
/// An ONNX graph ready to run: checked, ordered, with its weights in memory. Plans made from it share the weights; each serves fixed input shapes.
/// </summary>
public sealed class ExecutableGraph
{
    private readonly OnnxGraph _graph;
    private readonly Dictionary<string, GraphParameter> _parametersByName;
    private readonly Dictionary<string, DenseTensor> _constants;
    private readonly Dictionary<string, HeldWeight> _heldByName;
    private readonly Dictionary<string, Tensor> _unread;

    private ExecutableGraph(
        OnnxGraph graph,
        IReadOnlyList<OnnxNode> nodes,
        IReadOnlyList<GraphParameter> parameters,
        IReadOnlyList<HeldWeight> held,
        Dictionary<string, DenseTensor> constants,
        Dictionary<string, Tensor> unread)
    {
        _graph = graph;
        _unread = unread;
        Nodes = nodes;
        Parameters = parameters;
        _parametersByName = parameters.ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);
        HeldWeights = held;
        _heldByName = held.ToDictionary(weight => weight.Name, StringComparer.Ordinal);
        _constants = constants;
        HashSet<string> initializers = [.. graph.Initializers.Select(tensor => tensor.Name)];
        Inputs = [.. graph.Inputs.Where(input => !initializers.Contains(input.Name))];
    }

    /// <summary>Path or description of where the graph came from.</summary>
    public string Source => _graph.Source;

    /// <summary>The inputs that a run must be given; initializers are not among them.</summary>
    public IReadOnlyList<OnnxGraphValue> Inputs { get; }

    /// <summary>The outputs.</summary>
    public IReadOnlyList<OnnxGraphValue> Outputs => _graph.Outputs;

    /// <summary>The binary32 initializers that the outputs depend on, in file order: weights, and state such as running statistics.</summary>
    public IReadOnlyList<GraphParameter> Parameters { get; }

    /// <summary>Weights that are run from a representation; they are not among <see cref="Parameters"/>.</summary>
    public IReadOnlyList<HeldWeight> HeldWeights { get; }

    /// <summary>Bytes of memory that all weights occupy, held or dense.</summary>
    public long ResidentBytes =>
        Parameters.Sum(parameter => parameter.Shape.ElementCount * sizeof(float)) + HeldWeights.Sum(weight => weight.ResidentBytes)
        + _constants.Values.Sum(constant => constant.Shape.ElementCount * sizeof(long));

    /// <summary>Free text that the file carries by key.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _graph.Metadata;

    /// <summary>In the order of computation.</summary>
    internal IReadOnlyList<OnnxNode> Nodes { get; }

    /// <summary>Version of the standard operator set.</summary>
    internal long OperatorSet => _graph.OperatorSetVersion();

    /// <summary>Names of all operators that the engine runs.</summary>
    public static IReadOnlyList<string> SupportedOperators => OperatorTable.Names;

    /// <summary>Checks and orders a graph, and reads its weights into memory.</summary>
    /// <exception cref="UnsupportedModelException">Operators, attributes or element types that the engine does not run; all of them are named.</exception>
    /// <exception cref="ModelFormatException">A node reads what nobody makes, or nodes wait for each other.</exception>
    public static ExecutableGraph Create(OnnxGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return Create(graph, _ => true, null, default);
    }

    /// <summary>As <see cref="Create(OnnxGraph)"/>, with weights held in forms that are run from: their dense values are never in memory where the source decodes in parts.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="hold">
    /// Puts the weight of a convolution or a product into a form, a row per output; null leaves it dense. Asked for weights that nothing else reads and that have at most
    /// <see cref="QuantizedMatrix.MaxValueCount"/> different values; for each group of a grouped convolution. Depthwise convolutions stay dense.
    /// </param>
    /// <param name="cancellationToken">Looked at while weights are read.</param>
    /// <remarks>Such a graph runs; it is not trained.</remarks>
    /// <inheritdoc cref="Create(OnnxGraph)"/>
    public static ExecutableGraph Create(OnnxGraph graph, Func<QuantizedMatrix, Representation?> hold, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(hold);
        return Create(graph, _ => true, hold, cancellationToken);
    }

    /// <summary>As <see cref="Create(OnnxGraph)"/> without the weights' data: types and shapes can be inferred from it, and nothing run.</summary>
    internal static ExecutableGraph Outline(OnnxGraph graph)
    {
        // What shapes depend on is small: scales, sizes, pads.
        const int MostRead = 1024;
        return Create(graph, tensor => tensor.ElementCount <= MostRead, null, default);
    }

    private static ExecutableGraph Create(OnnxGraph graph, Func<Tensor, bool> isRead, Func<QuantizedMatrix, Representation?>? hold, CancellationToken cancellationToken)
    {
        IReadOnlyList<OnnxNode> nodes = GraphOrder.Of(graph);
        List<string> unsupported = [];
        CheckOperators(graph, nodes, unsupported);
        HashSet<string> read = [.. nodes.SelectMany(node => node.Inputs), .. graph.Outputs.Select(output => output.Name)];
        Dictionary<string, DenseTensor> constants = new(StringComparer.Ordinal);
        Dictionary<string, Tensor> unread = new(StringComparer.Ordinal);
        List<Tensor> singles = [];
        foreach (Tensor tensor in graph.Initializers)
        {
            if (!read.Contains(tensor.Name)) continue;
            if (!DenseTensor.Holds(tensor.ElementType)) unsupported.Add($"initializer '{tensor.Name}' of {tensor.ElementType.Name()}; the engine computes in float32 and whole numbers");
            else if (!isRead(tensor)) unread.Add(tensor.Name, tensor);
            else if (tensor.ElementType == ElementType.Float32) singles.Add(tensor);
            else constants.Add(tensor.Name, DenseTensor.FromTensor(tensor));
        }

        if (unsupported.Count > 0) throw new UnsupportedModelException(graph.Source, unsupported);
        WeightHolder? holder = hold is null ? null : new WeightHolder(graph, nodes, hold);
        List<HeldWeight> held = [];
        HashSet<string> trainable = FindTrainable(nodes, graph.OperatorSetVersion());
        List<GraphParameter> parameters = [];
        foreach (Tensor tensor in singles)
        {
            if (holder?.TryHold(tensor, cancellationToken) is { } weight) held.Add(weight);
            else parameters.Add(new GraphParameter(tensor.Name, DenseTensor.FromTensor(tensor), tensor.Shape.Rank > 0 && trainable.Contains(tensor.Name)));
        }

        return new ExecutableGraph(graph, nodes, parameters, held, constants, unread);
    }

    /// <summary>The weight of that name, or null.</summary>
    public GraphParameter? FindParameter(string name) => _parametersByName.GetValueOrDefault(name);

    /// <summary>Whether an output is made by Softmax, so that it holds probabilities and not logits.</summary>
    public bool GivesProbabilities(int output)
    {
        string? name = output < Outputs.Count ? Outputs[output].Name : null;
        OnnxNode? maker = Maker(name);
        while (maker is { OperatorType: "Identity" }) maker = Maker(maker.Inputs[0]);
        return maker is { OperatorType: "Softmax" };

        OnnxNode? Maker(string? value) => Nodes.FirstOrDefault(node => node.Outputs.Count > 0 && node.Outputs[0] == value);
    }

    /// <summary>The shapes of all inputs for a batch: the first dimension where it is open.</summary>
    /// <exception cref="ArgumentException">The model fixes another batch, or leaves other dimensions open.</exception>
    public IReadOnlyDictionary<string, TensorShape> ShapesForBatch(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        Dictionary<string, TensorShape> shapes = new(StringComparer.Ordinal);
        foreach (OnnxGraphValue input in Inputs)
        {
            if (input.Dimensions is null) throw new ArgumentException($"{Source}: input '{input}' has no stated shape; give it one.", nameof(batch));
            long[] dimensions = new long[input.Dimensions.Count];
            for (int i = 0; i < dimensions.Length; i++)
            {
                long? size = input.Dimensions[i].Size;
                if (i == 0 && size is not null && size != batch) throw new ArgumentException($"{Source}: input '{input}' fixes a batch of {size}, not {batch}.", nameof(batch));
                dimensions[i] = size ?? (i == 0 ? batch : throw new ArgumentException($"{Source}: input '{input}' leaves dimension {i} open; give its shape.", nameof(batch)));
            }

            shapes.Add(input.Name, new TensorShape(dimensions));
        }

        return shapes;
    }

    /// <summary>The shapes of all inputs for one sample, or the batch that the model fixes.</summary>
    /// <inheritdoc cref="ShapesForBatch"/>
    internal IReadOnlyDictionary<string, TensorShape> ShapesForOneSample()
    {
        long batch = Inputs.Select(input => input.Dimensions is { Count: > 0 } dimensions ? dimensions[0].Size : null).FirstOrDefault(size => size > 0) ?? 1;
        return ShapesForBatch((int)Math.Min(batch, Array.MaxLength));
    }

    /// <summary>Plans runs for a batch. See <see cref="PlanInference(IReadOnlyDictionary{string, TensorShape}, KernelThreads, long)"/>.</summary>
    public InferencePlan PlanInference(int batch, KernelThreads threads) => PlanInference(ShapesForBatch(batch), threads);

    /// <summary>
    /// Plans runs for given input shapes: shapes are inferred, what depends on constants alone is computed, normalizations and activations are fused into the
    /// kernels before them, and memory is shared. Weights are taken as they are now; after training, plan anew.
    /// </summary>
    /// <param name="inputShapes">A shape for every input.</param>
    /// <param name="threads">Where the kernels run.</param>
    /// <param name="maxBytes">What intermediate results may take; more is refused before it is allocated.</param>
    /// <exception cref="ArgumentException">An input's shape is missing or contradicts the model's.</exception>
    /// <exception cref="ModelFormatException">Shapes within the graph do not fit each other.</exception>
    /// <exception cref="UnsupportedModelException">A shape depends on data.</exception>
    /// <exception cref="ResourceLimitException">The run would need more memory than there is, or than is allowed.</exception>
    public InferencePlan PlanInference(IReadOnlyDictionary<string, TensorShape> inputShapes, KernelThreads threads, long maxBytes = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(inputShapes);
        ArgumentNullException.ThrowIfNull(threads);
        foreach (GraphParameter parameter in Parameters) parameter.Refresh();
        return new InferencePlan(this, inputShapes, threads, maxBytes);
    }

    /// <summary>Plans training steps for a batch.</summary>
    /// <param name="batch">Samples of a step.</param>
    /// <param name="threads">Where the kernels run.</param>
    /// <param name="maxBytes">What intermediate results and their gradients may take; more is refused before it is allocated.</param>
    /// <exception cref="ArgumentException">The model fixes another batch, or leaves other dimensions open.</exception>
    /// <exception cref="ModelFormatException">Shapes within the graph do not fit each other.</exception>
    /// <exception cref="UnsupportedModelException">Operators on the way have no gradient; all are named.</exception>
    /// <exception cref="ResourceLimitException">A step would need more memory than there is, or than is allowed.</exception>
    public TrainingPlan PlanTraining(int batch, KernelThreads threads, long maxBytes = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(threads);
        ThrowIfHeld();
        return new TrainingPlan(this, ShapesForBatch(batch), PlanPurpose.Training, threads, maxBytes);
    }

    /// <summary>Plans passes that compute what inference computes, and the gradients of the weights: running statistics are used and kept, nothing is dropped.</summary>
    /// <param name="inputShapes">A shape for every input.</param>
    /// <param name="threads">Where the kernels run.</param>
    /// <param name="maxBytes">What intermediate results may take; more is refused before it is allocated.</param>
    /// <param name="wanted">Whose gradients are wanted; those of others are not computed, and stay what they are. Null for all.</param>
    /// <exception cref="ArgumentException">An input's shape is missing or contradicts the model's.</exception>
    /// <exception cref="ModelFormatException">Shapes within the graph do not fit each other.</exception>
    /// <exception cref="UnsupportedModelException">Operators on the way have no gradient; all are named.</exception>
    /// <exception cref="ResourceLimitException">A pass would need more memory than there is, or than is allowed.</exception>
    public TrainingPlan PlanGradients(
        IReadOnlyDictionary<string, TensorShape> inputShapes, KernelThreads threads, long maxBytes = long.MaxValue, Func<GraphParameter, bool>? wanted = null)
    {
        ArgumentNullException.ThrowIfNull(inputShapes);
        ArgumentNullException.ThrowIfNull(threads);
        ThrowIfHeld();
        return new TrainingPlan(this, inputShapes, PlanPurpose.Gradients, threads, maxBytes, wanted);
    }

    /// <summary>The graph with the weights as they are now, for writing.</summary>
    public OnnxGraph ToOnnx()
    {
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        foreach (GraphParameter parameter in Parameters)
        {
            parameter.Refresh();
            byte[] bytes = new byte[parameter.Values.Length * 4];
            for (int i = 0; i < parameter.Values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), parameter.Values[i]);
            tensors.Add(parameter.Name, new Tensor(parameter.Name, ElementType.Float32, parameter.Shape, ByteSource.FromMemory(bytes, parameter.Name)));
        }

        return _graph.WithInitializers(tensors);
    }

    /// <summary>The initializer of that name whose data has been left where it is, or null.</summary>
    internal Tensor? FindUnread(string name) => _unread.GetValueOrDefault(name);

    internal HeldWeight? FindHeld(string name) => _heldByName.GetValueOrDefault(name);

    internal DenseTensor? FindConstant(string name) => _constants.GetValueOrDefault(name);

    private void ThrowIfHeld()
    {
        if (HeldWeights.Count > 0) throw new UnsupportedModelException(Source, [$"gradients of weights that are held in a representation, such as '{HeldWeights[0].Name}'; open the model without"]);
    }

    private static void CheckOperators(OnnxGraph graph, IReadOnlyList<OnnxNode> nodes, List<string> unsupported)
    {
        long operatorSet = graph.OperatorSetVersion();
        if (operatorSet is < OperatorTable.OldestSet or > OperatorTable.NewestSet)
            unsupported.Add($"opset {operatorSet}; {OperatorTable.OldestSet} to {OperatorTable.NewestSet} are run, export the model with one of them");
        foreach (OnnxNode node in nodes)
        {
            if (OperatorTable.Problem(node, graph.OperatorSetVersion(node.Domain)) is { } problem)
            {
                unsupported.Add($"{problem} of node {node}");
                continue;
            }

            try
            {
                OperatorTable.Create(node, operatorSet);
            }
            catch (UnsupportedModelException refusal)
            {
                unsupported.Add(refusal.Message);
            }
            catch (InvalidOperationException error)
            {
                throw new ModelFormatException(graph.Source, node.ToString(), -1, error.Message, error);
            }
        }
    }

    private static HashSet<string> FindTrainable(IReadOnlyList<OnnxNode> nodes, long operatorSet)
    {
        HashSet<string> trainable = new(StringComparer.Ordinal);
        foreach (OnnxNode node in nodes)
        {
            Operator made = OperatorTable.Create(node, operatorSet);
            for (int i = 0; i < node.Inputs.Count; i++)
            {
                if (made.HasBackward && made.IsDifferentiable(i)) trainable.Add(node.Inputs[i]);
            }
        }

        return trainable;
    }
}
