using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// While training, sets each element to 0 with probability <c>ratio</c> (0.5 unless said; an input from opset 12 on) and scales the others by
/// <c>1 / (1 - ratio)</c>; otherwise the identity. The optional second output is the mask.
/// </summary>
internal sealed class DropoutOperator(OnnxNode node, long operatorSet) : Operator(node)
{
    private float _ratio;
    private bool _drops;

    public override bool HasBackward => true;

    public override bool IsView => !_drops;

    public override bool IsFoldable => !_drops;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        _ratio = Node.Float("ratio", 0.5f);
        if (operatorSet >= 12)
        {
            DenseTensor? ratio = context.ConstantOf(1);
            if (context.HasInput(1) && ratio is null) throw context.Unsupported("its ratio depends on the data");
            if (ratio is not null) _ratio = ratio.Singles[0];
        }

        if (_ratio is not (>= 0 and < 1)) throw context.Malformed($"a ratio of {_ratio} is not in [0, 1)");
        _drops = context.IsTraining && _ratio > 0;
        context.RequireSingle(0);
        context.SetOutput(0, ElementType.Float32, context.ShapeOf(0));
        if (_drops) context.ReserveSaved(context.ShapeOf(0).ElementCount);
        if (!context.HasOutput(1)) return;
        if (_drops) throw context.Unsupported("its mask output cannot be trained through");
        DenseTensor mask = DenseTensor.Zeros(ElementType.Bool, context.ShapeOf(0));
        mask.Integers.AsSpan().Fill(1);
        context.SetConstantOutput(1, mask);
    }

    public override void Forward(OperatorContext context)
    {
        if (!_drops)
        {
            context.Singles(0).CopyTo(context.OutputSingles(0));
            return;
        }

        RandomStream random = new(context.RandomSeed);
        float scale = 1 / (1 - _ratio);
        ReadOnlySpan<float> x = context.Singles(0);
        Span<float> y = context.OutputSingles(0);
        Span<float> factors = context.Saved;
        for (int i = 0; i < x.Length; i++)
        {
            factors[i] = random.NextSingle() < _ratio ? 0 : scale;
            y[i] = x[i] * factors[i];
        }
    }

    public override void Backward(OperatorContext context)
    {
        if (!_drops)
        {
            context.OutputGradient(0).CopyTo(context.InputGradient(0));
            return;
        }

        System.Numerics.Tensors.TensorPrimitives.Multiply(context.OutputGradient(0), context.Saved, context.InputGradient(0));
    }
}
