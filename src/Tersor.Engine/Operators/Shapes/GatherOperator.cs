using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Takes slices of input 0 along <c>axis</c> (0 unless said) by the indices of input 1, which count from the end where negative.</summary>
internal sealed class GatherOperator(OnnxNode node) : Operator(node)
{
    private int _outer;
    private int _size;
    private int _inner;

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => input == 1;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        TensorShape data = context.ShapeOf(0);
        if (context.TypeOf(1) is not (ElementType.Int32 or ElementType.Int64)) throw context.Malformed($"its indices are {context.TypeOf(1).Name()}");
        int axis = context.Axis(Node.Int("axis", 0), data.Rank);
        _outer = (int)new TensorShape(data.Dimensions[..axis]).ElementCount;
        _size = (int)data[axis];
        _inner = (int)new TensorShape(data.Dimensions[(axis + 1)..]).ElementCount;
        long[] output = [.. data.Dimensions[..axis], .. context.ShapeOf(1).Dimensions, .. data.Dimensions[(axis + 1)..]];
        context.SetOutput(0, context.TypeOf(0), ShapeArithmetic.Shape(context, output));
    }

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) == ElementType.Float32) Take(context, context.Singles(0), context.OutputSingles(0));
        else Take(context, context.Integers(0), context.OutputIntegers(0));
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<long> indices = context.Integers(1);
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        Span<float> result = context.InputGradient(0);
        result.Clear();
        int at = 0;
        for (int outer = 0; outer < _outer; outer++)
        {
            foreach (long index in indices)
            {
                Span<float> slice = result.Slice(((outer * _size) + Place(context, index)) * _inner, _inner);
                System.Numerics.Tensors.TensorPrimitives.Add(slice, gradient.Slice(at, _inner), slice);
                at += _inner;
            }
        }
    }

    private void Take<T>(OperatorContext context, ReadOnlySpan<T> data, Span<T> output)
    {
        ReadOnlySpan<long> indices = context.Integers(1);
        int at = 0;
        for (int outer = 0; outer < _outer; outer++)
        {
            foreach (long index in indices)
            {
                data.Slice(((outer * _size) + Place(context, index)) * _inner, _inner).CopyTo(output[at..]);
                at += _inner;
            }
        }
    }

    private int Place(OperatorContext context, long index) =>
        index >= -_size && index < _size ? (int)(index < 0 ? index + _size : index) : throw context.Malformed($"index {index} of an axis of {_size}");
}
