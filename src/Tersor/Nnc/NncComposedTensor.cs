using Tersor.Models;

namespace Tersor.Nnc;

/// <summary>A tensor as a network works with it: one of the stream, or a weight multiplied out from factors and local scaling.</summary>
public sealed class NncComposedTensor
{
    private readonly NncTensorInfo _weight;
    private readonly NncTensorInfo? _right;
    private readonly NncTensorInfo? _scaling;

    private NncComposedTensor(string name, TensorShape shape, NncTensorInfo weight, NncTensorInfo? right = null, NncTensorInfo? scaling = null)
    {
        Name = name;
        Shape = shape;
        _weight = weight;
        _right = right;
        _scaling = scaling;
    }

    /// <summary>The name; that of a decomposed weight is its factors' without the ending.</summary>
    public string Name { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public TensorShape Shape { get; }

    /// <summary>The type asked for by the unit, or the natural one of its payload.</summary>
    public ElementType ElementType => _weight.ElementType;

    /// <summary>The tensor of the stream that this is; null where several are multiplied.</summary>
    public NncTensorInfo? AsCoded => _right is null && _scaling is null ? _weight : null;

    /// <summary>The tensors of the stream that this is made of.</summary>
    public IReadOnlyList<NncTensorInfo> Parts => [.. new[] { _weight, _right, _scaling }.OfType<NncTensorInfo>()];

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Shape}";

    /// <summary>The tensors of a stream in its order, parts put together.</summary>
    internal static IReadOnlyList<NncComposedTensor> List(UnitIndex index)
    {
        var result = new List<NncComposedTensor>();
        foreach (CompressedDataUnit unit in index.Data)
        {
            if (unit.Tensors.Count == 0) continue;
            if (unit.Header.PayloadType == NncPayloadType.Block) AddBlock(unit, result);
            else AddSingle(unit.Tensors[0], index, result);
        }

        return result;
    }

    /// <summary>Multiplies the parts out.</summary>
    internal void Compose(Func<CompressedDataUnit, LevelTensor[]> decode, Span<float> values, CancellationToken cancellationToken)
    {
        LevelTensor[] unit = decode(_weight.Unit);
        LevelTensor Part(NncTensorInfo info) => (ReferenceEquals(info.Unit, _weight.Unit) ? unit : decode(info.Unit)).Single(tensor => tensor.Name == info.Name);
        float[] scaling = _scaling is null ? [] : Part(_scaling).ToSingles();
        if (_right is null)
        {
            Part(_weight).Reconstruct(values);
            NncComposition.ScaleRows(values, scaling);
            return;
        }

        // Scaling meets G where G has the weight's rows, else the product.
        float[] left = Part(_weight).ToSingles();
        bool scalesLeft = scaling.Length == _weight.Shape[0];
        if (scalesLeft) NncComposition.ScaleRows(left, scaling);
        NncComposition.Multiply(left, Part(_right).ToSingles(), (int)_weight.Shape[1], values, cancellationToken);
        if (!scalesLeft && scaling.Length > 0) NncComposition.ScaleRows(values, scaling);
    }

    private static void AddBlock(CompressedDataUnit unit, List<NncComposedTensor> result)
    {
        NncTensorInfo? Part(NncTensorRole role) => unit.Tensors.FirstOrDefault(tensor => tensor.Role == role);
        NncTensorInfo? scaling = Part(NncTensorRole.LocalScaling);
        foreach (NncTensorInfo tensor in unit.Tensors)
        {
            switch (tensor.Role)
            {
                case NncTensorRole.Weight:
                    result.Add(new NncComposedTensor(tensor.Name, tensor.Shape, tensor, scaling: scaling));
                    break;
                case NncTensorRole.LeftFactor:
                    result.Add(new NncComposedTensor(FactorNames.WeightOf(tensor.Name), FullShape(unit), tensor, Part(NncTensorRole.RightFactor), scaling));
                    break;
                case NncTensorRole.RightFactor or NncTensorRole.LocalScaling:
                    break;
                default:
                    result.Add(new NncComposedTensor(tensor.Name, tensor.Shape, tensor));
                    break;
            }
        }
    }

    // Factors in units of their own belong together by their names.
    private static void AddSingle(NncTensorInfo tensor, UnitIndex index, List<NncComposedTensor> result)
    {
        string weight = FactorNames.WeightOf(tensor.Name);
        NncTensorInfo? left = tensor.Role == NncTensorRole.RightFactor ? index.Find(weight + FactorNames.Left) : tensor;
        NncTensorInfo? right = tensor.Role == NncTensorRole.LeftFactor ? index.Find(weight + FactorNames.Right) : tensor;
        bool paired = left is { Role: NncTensorRole.LeftFactor } && right is { Role: NncTensorRole.RightFactor }
            && FullShape(left.Unit) == FullShape(right.Unit) && left.Shape[1] == right.Shape[0];
        if (!paired) result.Add(new NncComposedTensor(tensor.Name, tensor.Shape, tensor));
        else if (tensor.Role == NncTensorRole.LeftFactor) result.Add(new NncComposedTensor(weight, FullShape(tensor.Unit), tensor, right));
    }

    private static TensorShape FullShape(CompressedDataUnit unit) => new([.. unit.Header.Dimensions]);
}
