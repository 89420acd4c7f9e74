namespace Tersor.Models.Onnx;

/// <summary>What an ONNX file says about itself besides weights.</summary>
public sealed record OnnxSummary
{
    /// <summary>Version of the intermediate representation; 0 where the file does not say.</summary>
    public long IrVersion { get; init; }

    /// <summary>The operator sets imported, in file order and as often as the file lists them.</summary>
    public IReadOnlyList<OnnxOperatorSet> OperatorSets { get; init; } = [];

    /// <summary>Name of the tool that made the file.</summary>
    public string ProducerName { get; init; } = "";

    /// <summary>Version of the tool that made the file.</summary>
    public string ProducerVersion { get; init; } = "";

    /// <summary>Name of the main graph.</summary>
    public string GraphName { get; init; } = "";

    /// <summary>Inputs of the main graph; models before IR version 4 list initializers here too.</summary>
    public IReadOnlyList<OnnxValue> Inputs { get; init; } = [];

    /// <summary>Outputs of the main graph.</summary>
    public IReadOnlyList<OnnxValue> Outputs { get; init; } = [];

    /// <summary>Number of nodes, those of subgraphs and functions included.</summary>
    public long NodeCount { get; init; }

    /// <summary>How often each operator occurs, subgraphs and functions included, by name; <c>domain::name</c> outside the standard domain.</summary>
    public IReadOnlyDictionary<string, long> Operators { get; init; } = new SortedDictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Number of functions that the model defines.</summary>
    public int FunctionCount { get; init; }
}

/// <summary>An operator set.</summary>
/// <param name="Domain">Empty for the standard operators.</param>
/// <param name="Version">Version of the set.</param>
public sealed record OnnxOperatorSet(string Domain, long Version);

/// <summary>An input or output of a graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Such as <c>float32</c>, or <c>sequence</c>, <c>map</c>, <c>optional</c>, <c>sparse tensor</c>, <c>unknown</c>.</param>
/// <param name="Dimensions">Each a number, a symbol, or <c>?</c>; null where the rank is not known.</param>
public sealed record OnnxValue(string Name, string Type, IReadOnlyList<string>? Dimensions);
