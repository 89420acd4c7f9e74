namespace Tersor.Models.Onnx;

/// <summary>One operation of a graph. An optional input or output that is left out has the empty name.</summary>
public sealed class OnnxNode
{
    private readonly Dictionary<string, OnnxAttribute> _attributes;

    /// <summary>Joins the parts of a node.</summary>
    /// <param name="operatorType">Such as <c>Conv</c>.</param>
    /// <param name="inputs">Names of the values read.</param>
    /// <param name="outputs">Names of the values made.</param>
    /// <param name="attributes">With unique names.</param>
    /// <param name="name">For messages; may be empty.</param>
    /// <param name="domain">Of the operator set; empty for the standard operators.</param>
    /// <exception cref="ArgumentException">Two attributes have the same name.</exception>
    public OnnxNode(
        string operatorType,
        IReadOnlyList<string> inputs,
        IReadOnlyList<string> outputs,
        IReadOnlyList<OnnxAttribute>? attributes = null,
        string name = "",
        string domain = "")
    {
        ArgumentNullException.ThrowIfNull(operatorType);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        OperatorType = operatorType;
        Inputs = inputs;
        Outputs = outputs;
        Attributes = attributes ?? [];
        Name = name;
        Domain = domain == "ai.onnx" ? "" : domain;
        _attributes = new Dictionary<string, OnnxAttribute>(Attributes.Count, StringComparer.Ordinal);
        foreach (OnnxAttribute attribute in Attributes)
        {
            if (!_attributes.TryAdd(attribute.Name, attribute))
                throw new ArgumentException($"{this}: attribute '{attribute.Name}' occurs twice.", nameof(attributes));
        }
    }

    /// <summary>The node's own name; may be empty, need not be unique.</summary>
    public string Name { get; }

    /// <summary>The operator set's domain; empty for the standard operators.</summary>
    public string Domain { get; }

    /// <summary>The operator, such as <c>Conv</c>.</summary>
    public string OperatorType { get; }

    /// <summary>Names of the values read; empty where an optional one is left out.</summary>
    public IReadOnlyList<string> Inputs { get; }

    /// <summary>Names of the values made; empty where an optional one is left out.</summary>
    public IReadOnlyList<string> Outputs { get; }

    /// <summary>In file order.</summary>
    public IReadOnlyList<OnnxAttribute> Attributes { get; }

    /// <summary>The attribute of that name, or null.</summary>
    public OnnxAttribute? Find(string attribute) => _attributes.GetValueOrDefault(attribute);

    /// <summary>Such as <c>Conv '/conv1/Conv'</c>; the first output stands for a node without name.</summary>
    public override string ToString()
    {
        string name = Name.Length > 0 ? Name : Outputs.FirstOrDefault(output => output.Length > 0) ?? "";
        string type = Domain.Length > 0 ? $"{Domain}::{OperatorType}" : OperatorType;
        return $"{type} '{name}'";
    }
}
