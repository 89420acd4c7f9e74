using Tersor.Models;

namespace Tersor.Nnc;

/// <summary>A tensor as a network works with it: one of the stream, or a weight multiplied out from factors and local scaling.</summary>
public sealed class NncComposedTensor
{
    // Of a product, what is made at once: few enough for the cache.
    private const int ValuesAtOnce = 1 << 16;

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
    /// <param name="decode">Gives the tensors of a unit.</param>
    /// <param name="values">One for each element, row-major.</param>
    /// <param name="cancellationToken">Looked at in each row of a product.</param>
    internal void Compose(Func<CompressedDataUnit, LevelTensor[]> decode, Span<float> values, CancellationToken cancellationToken)
    {
        if (_right is null)
        {
            LevelTensor[] unit = decode(_weight.Unit);
            float[] scaling = _scaling is null ? [] : Part(unit, _scaling).ToSingles();
            Part(unit, _weight).Reconstruct(values);
            NncComposition.ScaleRows(values, scaling);
            return;
        }

        new Factors(this, decode).Multiply(0, values, cancellationToken);
    }

    /// <summary>Multiplies the parts out without holding all of the result.</summary>
    /// <param name="decode">Gives the tensors of a unit.</param>
    /// <param name="decodeBands">Hands over, of a tensor, those before it in its unit whole, and its own values in parts.</param>
    /// <param name="part">Gets the values from the first to the last, to do with as it likes.</param>
    /// <param name="cancellationToken">Looked at in each row of a product.</param>
    internal void Compose(
        Func<CompressedDataUnit, LevelTensor[]> decode, Action<NncTensorInfo, Action<LevelTensor>, Action<Span<float>>> decodeBands, Action<Span<float>> part, CancellationToken cancellationToken)
    {
        if (_right is null)
        {
            // Local scaling is coded before the weight.
            float[] scaling = [];
            int start = 0;
            decodeBands(
                _weight,
                before => scaling = before.Name == _scaling?.Name ? before.ToSingles() : scaling,
                values =>
                {
                    NncComposition.ScaleRows(values, scaling, (int)(Shape.ElementCount / scaling.Length), start);
                    start += values.Length;
                    part(values);
                });
            return;
        }

        Factors factors = new(this, decode);
        if (factors.Columns == 0) return;
        int rowsAtOnce = Math.Max(1, ValuesAtOnce / factors.Columns);
        float[] block = GC.AllocateUninitializedArray<float>(Math.Min(rowsAtOnce, factors.Rows) * factors.Columns);
        for (int row = 0; row < factors.Rows; row += rowsAtOnce)
        {
            Span<float> values = block.AsSpan(0, Math.Min(rowsAtOnce, factors.Rows - row) * factors.Columns);
            factors.Multiply(row, values, cancellationToken);
            part(values);
        }
    }

    private static LevelTensor Part(LevelTensor[] unit, NncTensorInfo info) => unit.Single(tensor => tensor.Name == info.Name);

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
            && FullShape(left.Unit) == FullShape(right.Unit) && left.Unit.Header.LeftRowCount == right.Unit.Header.LeftRowCount && left.Shape[1] == right.Shape[0];
        if (!paired) result.Add(new NncComposedTensor(tensor.Name, tensor.Shape, tensor));
        else if (tensor.Role == NncTensorRole.LeftFactor) result.Add(new NncComposedTensor(weight, FullShape(tensor.Unit), tensor, right));
    }

    private static TensorShape FullShape(CompressedDataUnit unit) => new([.. unit.Header.Dimensions]);

    // A weight as G times H, scaling included.
    private sealed class Factors
    {
        private readonly float[] _left;
        private readonly float[] _right;
        private readonly float[] _scaling;
        private readonly int _rank;
        private readonly int _scalingColumns;

        public Factors(NncComposedTensor tensor, Func<CompressedDataUnit, LevelTensor[]> decode)
        {
            NncTensorInfo left = tensor._weight, right = tensor._right!;
            LevelTensor[] unit = decode(left.Unit);
            _left = Part(unit, left).ToSingles();
            _right = Part(ReferenceEquals(left.Unit, right.Unit) ? unit : decode(right.Unit), right).ToSingles();
            _scaling = tensor._scaling is null ? [] : Part(unit, tensor._scaling).ToSingles();
            (Rows, _rank, Columns) = ((int)left.Shape[0], (int)left.Shape[1], (int)right.Shape[1]);

            // Scaling meets G where G has the weight's rows, else the product.
            if (_scaling.Length == Rows)
            {
                NncComposition.ScaleRows(_left, _scaling);
                _scaling = [];
            }

            _scalingColumns = _scaling.Length == 0 ? 0 : (int)(tensor.Shape.ElementCount / _scaling.Length);
        }

        public int Rows { get; }

        public int Columns { get; }

        public void Multiply(int firstRow, Span<float> values, CancellationToken cancellationToken)
        {
            if (values.IsEmpty) return;
            ReadOnlySpan<float> left = _left.AsSpan(firstRow * _rank, values.Length / Columns * _rank);
            NncComposition.Multiply(left, _right, _rank, values, cancellationToken);
            if (_scaling.Length > 0) NncComposition.ScaleRows(values, _scaling, _scalingColumns, firstRow * Columns);
        }
    }
}
