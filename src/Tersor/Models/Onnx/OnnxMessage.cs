using System.Globalization;
using System.Text;

namespace Tersor.Models.Onnx;

/// <summary>What a message of an ONNX file is, as far as the way to a tensor goes.</summary>
internal enum OnnxMessageKind
{
    Model,
    Graph,
    Node,
    Attribute,
    Function,
    Training,
    SparseTensor,
    Tensor,
}

/// <summary>A message on the way to a tensor, with what a readable and repeatable name of that tensor is made of.</summary>
internal sealed class OnnxMessage : WireMessage
{
    private readonly int _fieldNumber;
    private readonly int _index;

    public OnnxMessage(long length)
        : base(length)
    {
        Kind = OnnxMessageKind.Model;
    }

    public OnnxMessage(OnnxMessageKind kind, OnnxMessage parent, WirePayload payload, int fieldNumber, int index, long outerLimit)
        : base(parent, payload)
    {
        Kind = kind;
        _fieldNumber = fieldNumber;
        _index = index;
        OuterLimit = outerLimit;
    }

    public OnnxMessageKind Kind { get; }

    /// <summary>Where the enclosing message ends.</summary>
    public long OuterLimit { get; }

    /// <summary>The name that the message gives itself; for a sparse tensor, that of its values.</summary>
    public string Name { get; set; } = "";

    /// <summary>A node's first output.</summary>
    public string Output { get; set; } = "";

    /// <summary>A node's operator.</summary>
    public string OperatorType { get; set; } = "";

    /// <summary>Whether this is an initializer of the main graph, whose own name is what everyone knows it by.</summary>
    public bool IsMainInitializer =>
        Kind == OnnxMessageKind.Tensor && Outer is { Kind: OnnxMessageKind.Graph, Outer.Kind: OnnxMessageKind.Model };

    private OnnxMessage? Outer => (OnnxMessage?)Parent;

    private string Index => _index.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// The name of a tensor: its own for an initializer of the main graph, the output for a Constant node, and elsewhere the way there, such as
    /// <c>y/then_branch/w</c> for the initializer <c>w</c> in a branch of the node that makes <c>y</c>.
    /// </summary>
    public string Path()
    {
        StringBuilder path = new();
        AppendPath(path);
        return path.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        OnnxMessageKind.Tensor => $"tensor '{Path()}'",
        OnnxMessageKind.Node => $"node '{Path()}' ({OperatorType})",
        OnnxMessageKind.Model => "model",
        OnnxMessageKind.Graph when Outer is { Kind: OnnxMessageKind.Model } => "graph",
        _ => $"{Kind.ToString().ToLowerInvariant()} '{Path()}'",
    };

    private void AppendPath(StringBuilder path)
    {
        switch (Kind)
        {
            case OnnxMessageKind.Graph when Outer!.Kind == OnnxMessageKind.Model:
                break;
            case OnnxMessageKind.Graph when Outer!.Kind == OnnxMessageKind.Training:
                Outer.AppendPath(path);
                path.Append(_fieldNumber == OnnxFields.Training.Initialization ? "/initialization" : "/algorithm");
                break;
            case OnnxMessageKind.Graph:
                Outer!.AppendPath(path);
                if (_fieldNumber == OnnxFields.Attribute.Graphs) path.Append('/').Append(Index);
                break;
            case OnnxMessageKind.Function:
                path.Append("functions/").Append(OrIndex(Name, "function"));
                break;
            case OnnxMessageKind.Training:
                path.Append("training/").Append(Index);
                break;
            case OnnxMessageKind.Node:
                AppendOuter(path);
                path.Append(Output.Length > 0 ? Output : OrIndex(Name, "node"));
                break;
            case OnnxMessageKind.Attribute:
                AppendOuter(path);
                if (Outer is not { Kind: OnnxMessageKind.Node, OperatorType: "Constant" }) path.Append('/').Append(Name);
                break;
            case OnnxMessageKind.SparseTensor or OnnxMessageKind.Tensor when Outer!.Kind == OnnxMessageKind.Attribute:
                Outer.AppendPath(path);
                if (_fieldNumber is OnnxFields.Attribute.Tensors or OnnxFields.Attribute.SparseTensors) path.Append('/').Append(Index);
                break;
            case OnnxMessageKind.Tensor when Outer!.Kind == OnnxMessageKind.SparseTensor:
                Outer.AppendPath(path);
                path.Append(_fieldNumber == OnnxFields.SparseTensor.Values ? "/values" : "/indices");
                break;
            case OnnxMessageKind.SparseTensor:
                AppendOuter(path);
                path.Append(OrIndex(Name, "sparse_initializer"));
                break;
            case OnnxMessageKind.Tensor when IsMainInitializer:
                path.Append(Name);
                break;
            case OnnxMessageKind.Tensor:
                AppendOuter(path);
                path.Append(OrIndex(Name, "initializer"));
                break;
            default:
                break;
        }
    }

    private void AppendOuter(StringBuilder path)
    {
        int before = path.Length;
        Outer!.AppendPath(path);
        if (path.Length > before && Kind != OnnxMessageKind.Attribute) path.Append('/');
    }

    private string OrIndex(string name, string otherwise) => name.Length > 0 ? name : otherwise + Index;
}
