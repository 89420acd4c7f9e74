using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>One <c>value</c> (binary32 zero unless said) in the shape that input 0 tells.</summary>
internal sealed class ConstantOfShapeOperator(OnnxNode node) : Operator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape shape = ShapeArithmetic.Shape(context, context.IntegersOf(0, "dimensions"));
        Tensor? value = Node.Find("value")?.Tensor;
        if (value is not null && (value.ElementCount != 1 || !DenseTensor.Holds(value.ElementType))) throw context.Unsupported($"a value of {value}");
        DenseTensor? element = value is null ? null : DenseTensor.FromTensor(value);
        DenseTensor output = DenseTensor.Zeros(value?.ElementType ?? ElementType.Float32, shape);
        if (element?.ElementType == ElementType.Float32) output.Singles.AsSpan().Fill(element.Singles[0]);
        else if (element is not null) output.Integers.AsSpan().Fill(element.Integers[0]);
        context.SetConstantOutput(0, output);
    }

    public override void Forward(OperatorContext context)
    {
        // The output was known when the plan was made.
    }
}
