using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>A value of the file: <c>value</c>, <c>value_float</c>, <c>value_floats</c>, <c>value_int</c> or <c>value_ints</c>.</summary>
internal sealed class ConstantOperator : Operator
{
    private readonly DenseTensor _value;

    public ConstantOperator(OnnxNode node)
        : base(node)
    {
        if (node.Find("value") is { } tensor)
        {
            if (!DenseTensor.Holds(tensor.Tensor.ElementType)) throw node.Refuse($"a constant of {tensor.Tensor.ElementType.Name()}");
            _value = DenseTensor.FromTensor(tensor.Tensor);
        }
        else if (node.Find("value_float") is { } single)
        {
            _value = new DenseTensor(default, [single.Float]);
        }
        else if (node.Find("value_floats") is { } singles)
        {
            _value = new DenseTensor(new TensorShape(singles.Floats.Count), [.. singles.Floats]);
        }
        else if (node.Find("value_int") is { } integer)
        {
            _value = new DenseTensor(ElementType.Int64, default, [integer.Int]);
        }
        else if (node.Find("value_ints") is { } integers)
        {
            _value = new DenseTensor(ElementType.Int64, new TensorShape(integers.Ints.Count), [.. integers.Ints]);
        }
        else
        {
            throw node.Refuse("a constant of text or of a sparse tensor");
        }
    }

    public override void InferTypes(OperatorContext context) => context.SetConstantOutput(0, _value);

    public override void Forward(OperatorContext context)
    {
        // The output was known when the plan was made.
    }
}
