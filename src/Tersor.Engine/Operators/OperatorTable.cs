using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The list of operators that the engine runs: a new one is a file and a line here.</summary>
internal static class OperatorTable
{
    /// <summary>Oldest and newest version of the standard operator set that is understood.</summary>
    public const long OldestSet = 7;

    /// <summary>Newest version of the standard operator set that is understood.</summary>
    public const long NewestSet = 21;

    private static readonly Dictionary<string, Entry> Entries = new(StringComparer.Ordinal)
    {
        ["Abs"] = new(1, (node, _) => new AbsOperator(node)),
        ["Add"] = new(1, (node, _) => new AddOperator(node)),
        ["AveragePool"] = new(1, (node, _) => new AveragePoolOperator(node)),
        ["BatchNormalization"] = new(1, (node, set) => new BatchNormalizationOperator(node, set)),
        ["Cast"] = new(1, (node, _) => new CastOperator(node)),
        ["Clip"] = new(1, (node, set) => new ClipOperator(node, set)),
        ["Concat"] = new(1, (node, _) => new ConcatOperator(node)),
        ["Constant"] = new(1, (node, _) => new ConstantOperator(node)),
        ["ConstantOfShape"] = new(9, (node, _) => new ConstantOfShapeOperator(node)),
        ["Conv"] = new(1, (node, _) => new ConvOperator(node)),
        ["ConvTranspose"] = new(1, (node, _) => new ConvTransposeOperator(node)),
        ["DequantizeLinear"] = new(10, (node, _) => new DequantizeLinearOperator(node)),
        ["Div"] = new(1, (node, _) => new DivOperator(node)),
        ["Dropout"] = new(1, (node, set) => new DropoutOperator(node, set)),
        ["Elu"] = new(1, (node, _) => new EluOperator(node)),
        ["Equal"] = new(1, (node, _) => new EqualOperator(node)),
        ["Erf"] = new(9, (node, _) => new ErfOperator(node)),
        ["Exp"] = new(1, (node, _) => new ExpOperator(node)),
        ["Expand"] = new(8, (node, _) => new ExpandOperator(node)),
        ["Flatten"] = new(1, (node, _) => new FlattenOperator(node)),
        ["Gather"] = new(1, (node, _) => new GatherOperator(node)),
        ["Gelu"] = new(20, (node, _) => new GeluOperator(node)),
        ["Gemm"] = new(1, (node, _) => new GemmOperator(node)),
        ["GlobalAveragePool"] = new(1, (node, _) => new GlobalAveragePoolOperator(node)),
        ["GlobalMaxPool"] = new(1, (node, _) => new GlobalMaxPoolOperator(node)),
        ["GroupNormalization"] = new(18, (node, set) => new GroupNormalizationOperator(node, set)),
        ["HardSigmoid"] = new(1, (node, _) => new HardSigmoidOperator(node)),
        ["HardSwish"] = new(14, (node, _) => new HardSwishOperator(node)),
        ["Identity"] = new(1, (node, _) => new IdentityOperator(node)),
        ["InstanceNormalization"] = new(1, (node, _) => new InstanceNormalizationOperator(node)),
        ["LayerNormalization"] = new(17, (node, _) => new LayerNormalizationOperator(node)),
        ["LeakyRelu"] = new(1, (node, _) => new LeakyReluOperator(node)),
        ["Log"] = new(1, (node, _) => new LogOperator(node)),
        ["LogSoftmax"] = new(1, (node, set) => new LogSoftmaxOperator(node, set)),
        ["MatMul"] = new(1, (node, _) => new MatMulOperator(node)),
        ["Max"] = new(1, (node, _) => new MaxOperator(node)),
        ["MaxPool"] = new(1, (node, _) => new MaxPoolOperator(node)),
        ["Min"] = new(1, (node, _) => new MinOperator(node)),
        ["Mul"] = new(1, (node, _) => new MulOperator(node)),
        ["Neg"] = new(1, (node, _) => new NegOperator(node)),
        ["PRelu"] = new(1, (node, _) => new PReluOperator(node)),
        ["Pad"] = new(1, (node, set) => new PadOperator(node, set)),
        ["Pow"] = new(1, (node, _) => new PowOperator(node)),
        ["QuantizeLinear"] = new(10, (node, _) => new QuantizeLinearOperator(node)),
        ["ReduceMax"] = new(1, (node, set) => new ReduceMaxOperator(node, set)),
        ["ReduceMean"] = new(1, (node, set) => new ReduceMeanOperator(node, set)),
        ["ReduceSum"] = new(1, (node, set) => new ReduceSumOperator(node, set)),
        ["Relu"] = new(1, (node, _) => new ReluOperator(node)),
        ["Reshape"] = new(5, (node, _) => new ReshapeOperator(node)),
        ["Resize"] = new(10, (node, set) => new ResizeOperator(node, set)),
        ["Shape"] = new(1, (node, _) => new ShapeOperator(node)),
        ["Sigmoid"] = new(1, (node, _) => new SigmoidOperator(node)),
        ["Sign"] = new(9, (node, _) => new SignOperator(node)),
        ["Slice"] = new(1, (node, set) => new SliceOperator(node, set)),
        ["Softmax"] = new(1, (node, set) => new SoftmaxOperator(node, set)),
        ["Split"] = new(1, (node, set) => new SplitOperator(node, set)),
        ["Sqrt"] = new(1, (node, _) => new SqrtOperator(node)),
        ["Squeeze"] = new(1, (node, set) => new SqueezeOperator(node, set)),
        ["Sub"] = new(1, (node, _) => new SubOperator(node)),
        ["Tanh"] = new(1, (node, _) => new TanhOperator(node)),
        ["Tile"] = new(6, (node, _) => new TileOperator(node)),
        ["Transpose"] = new(1, (node, _) => new TransposeOperator(node)),
        ["Unsqueeze"] = new(1, (node, set) => new UnsqueezeOperator(node, set)),
        ["Where"] = new(9, (node, _) => new WhereOperator(node)),
    };

    /// <summary>Names of all operators, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Why a node cannot be run; null where it can.</summary>
    public static string? Problem(OnnxNode node, long operatorSet)
    {
        if (node.Domain.Length > 0) return $"operator {node.OperatorType} of domain '{node.Domain}' (version {operatorSet})";
        if (!Entries.TryGetValue(node.OperatorType, out Entry entry)) return $"operator {node.OperatorType} (opset {operatorSet})";
        return operatorSet < entry.Since ? $"operator {node.OperatorType} is not in opset {operatorSet}, it came with {entry.Since}" : null;
    }

    /// <summary>Makes the operator of a node for which <see cref="Problem"/> found none.</summary>
    /// <exception cref="Tersor.Models.UnsupportedModelException">An attribute asks for what the operator does not do.</exception>
    public static Operator Create(OnnxNode node, long operatorSet) => Entries[node.OperatorType].Create(node, operatorSet);

    private readonly record struct Entry(long Since, Func<OnnxNode, long, Operator> Create);
}
