using System.Buffers.Binary;
using System.Globalization;

namespace Tersor.Models.Onnx;

/// <summary>
/// Makes an <see cref="OnnxGraph"/> in code: values are named after the node that makes them, nodes are added in the order of computation. Not safe for
/// several threads.
/// </summary>
public sealed class OnnxGraphBuilder
{
    private readonly string _name;
    private readonly long _operatorSet;
    private readonly List<OnnxNode> _nodes = [];
    private readonly List<OnnxGraphValue> _inputs = [];
    private readonly List<OnnxGraphValue> _outputs = [];
    private readonly List<Tensor> _initializers = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Starts an empty graph.</summary>
    /// <param name="name">The graph's name.</param>
    /// <param name="operatorSet">Version of the standard operator set.</param>
    public OnnxGraphBuilder(string name, long operatorSet = 17)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(operatorSet, 1);
        _name = name;
        _operatorSet = operatorSet;
    }

    /// <summary>Adds an input.</summary>
    /// <returns>Its name.</returns>
    public string AddInput(string name, ElementType type, params IReadOnlyList<OnnxDimension> dimensions)
    {
        Take(name);
        _inputs.Add(new OnnxGraphValue(name, type, dimensions));
        return name;
    }

    /// <summary>Adds a weight or constant.</summary>
    /// <returns>Its name.</returns>
    public string AddInitializer(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Take(tensor.Name);
        _initializers.Add(tensor);
        return tensor.Name;
    }

    /// <summary>Adds a constant of 64-bit integers, such as a shape.</summary>
    /// <returns>Its name.</returns>
    public string AddInitializer(string name, params ReadOnlySpan<long> values)
    {
        byte[] bytes = new byte[values.Length * 8];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 8), values[i]);
        return AddInitializer(new Tensor(name, ElementType.Int64, new TensorShape(values.Length), ByteSource.FromMemory(bytes, name)));
    }

    /// <summary>Adds a node with one output.</summary>
    /// <param name="operatorType">Such as <c>Relu</c>.</param>
    /// <param name="inputs">Names of values that are there already; empty for an optional one left out.</param>
    /// <param name="attributes">The operator's attributes.</param>
    /// <param name="output">Name of the result; null to make one from the operator.</param>
    /// <returns>Name of the result.</returns>
    /// <exception cref="ArgumentException">An input does not exist, or the output's name is taken.</exception>
    public string AddNode(string operatorType, IReadOnlyList<string> inputs, IReadOnlyList<OnnxAttribute>? attributes = null, string? output = null) =>
        AddNode(operatorType, inputs, [output ?? FreeName(operatorType)], attributes)[0];

    /// <summary>Adds a node with any number of outputs.</summary>
    /// <returns>The names of the outputs.</returns>
    /// <exception cref="ArgumentException">An input does not exist, or an output's name is taken.</exception>
    public IReadOnlyList<string> AddNode(
        string operatorType, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs, IReadOnlyList<OnnxAttribute>? attributes)
    {
        ArgumentException.ThrowIfNullOrEmpty(operatorType);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        foreach (string input in inputs)
        {
            if (input.Length > 0 && !_names.Contains(input))
                throw new ArgumentException($"{operatorType} reads '{input}', which no input, initializer or earlier node makes.", nameof(inputs));
        }

        foreach (string output in outputs)
        {
            if (output.Length > 0) Take(output);
        }

        _nodes.Add(new OnnxNode(operatorType, inputs, outputs, attributes, name: outputs[0]));
        return outputs;
    }

    /// <summary>Makes a value an output of the graph.</summary>
    /// <exception cref="ArgumentException">No such value exists.</exception>
    public void AddOutput(string name, ElementType type, params IReadOnlyList<OnnxDimension> dimensions)
    {
        if (!_names.Contains(name)) throw new ArgumentException($"Nothing makes '{name}'.", nameof(name));
        _outputs.Add(new OnnxGraphValue(name, type, dimensions));
    }

    /// <summary>The graph as it is now.</summary>
    /// <exception cref="InvalidOperationException">It has no output.</exception>
    public OnnxGraph Build()
    {
        if (_outputs.Count == 0) throw new InvalidOperationException($"The graph '{_name}' has no output.");
        return new OnnxGraph
        {
            Source = _name,
            Name = _name,
            OperatorSets = [new OnnxOperatorSet("", _operatorSet)],
            Nodes = [.. _nodes],
            Inputs = [.. _inputs],
            Outputs = [.. _outputs],
            Initializers = [.. _initializers],
        };
    }

    private void Take(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!_names.Add(name)) throw new ArgumentException($"The name '{name}' is taken.", nameof(name));
    }

    private string FreeName(string operatorType)
    {
        for (int i = _nodes.Count; ; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{operatorType.ToLowerInvariant()}_{i}");
            if (!_names.Contains(name)) return name;
        }
    }
}
