using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// What the reductions share: <c>axes</c> (all unless said; counted from the end where negative), <c>keepdims</c> (1 unless said) and
/// <c>noop_with_empty_axes</c>.
/// </summary>
internal abstract class ReductionOperator(OnnxNode node, bool axesAreInput) : Operator(node)
{
    public override bool HasBackward => true;

    /// <summary>Dimensions of the input.</summary>
    protected int[] Input { get; private set; } = [];

    /// <summary>Dimensions of the input, 1 where they are reduced.</summary>
    protected int[] Kept { get; private set; } = [];

    /// <summary>Elements that make one result.</summary>
    protected int Count { get; private set; }

    /// <summary>Which dimensions are reduced.</summary>
    protected bool[] Reduced { get; private set; } = [];

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0);
        TensorShape input = context.ShapeOf(0);
        long[] axes = ShapeArithmetic.Axes(context, Node, axesAreInput) ?? [];
        bool[] reduced = new bool[input.Rank];
        if (axes.Length == 0 && !Node.Flag("noop_with_empty_axes")) Array.Fill(reduced, true);
        foreach (long axis in axes) reduced[context.Axis(axis, input.Rank)] = true;
        bool keeps = Node.Flag("keepdims", true);
        long[] kept = input.Dimensions.ToArray();
        List<long> output = [];
        for (int i = 0; i < kept.Length; i++)
        {
            if (reduced[i]) kept[i] = 1;
            if (keeps || !reduced[i]) output.Add(kept[i]);
        }

        TensorShape shape = new([.. output]);
        context.SetOutput(0, ElementType.Float32, shape);
        Count = (int)(shape.ElementCount == 0 ? 0 : input.ElementCount / shape.ElementCount);
        Reduced = reduced;
        Input = ShapeArithmetic.Sizes(context, input);
        Kept = Array.ConvertAll(kept, dimension => (int)dimension);
    }
}
