using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Converts to the element type <c>to</c>: binary32 is cut towards zero, whole numbers keep their low bits, and anything but 0 is true.</summary>
internal sealed class CastOperator : Operator
{
    private readonly ElementType _to;

    public CastOperator(OnnxNode node)
        : base(node)
    {
        _to = (ElementType)(int)node.Int("to", 0);
        if (!DenseTensor.Holds(_to)) throw node.Refuse($"a cast to {_to.Name()}; the engine computes in float32 and whole numbers");
    }

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override bool IsDifferentiable(int input) => _to == ElementType.Float32;

    public override void InferTypes(OperatorContext context) => context.SetOutput(0, _to, context.ShapeOf(0));

    public override void Forward(OperatorContext context)
    {
        bool fromSingle = context.TypeOf(0) == ElementType.Float32;
        if (_to == ElementType.Float32)
        {
            Span<float> y = context.OutputSingles(0);
            if (fromSingle)
            {
                context.Singles(0).CopyTo(y);
                return;
            }

            ReadOnlySpan<long> integers = context.Integers(0);
            bool isUnsigned = context.TypeOf(0) == ElementType.UInt64;
            for (int i = 0; i < y.Length; i++) y[i] = isUnsigned ? (ulong)integers[i] : integers[i];
            return;
        }

        Span<long> result = context.OutputIntegers(0);
        for (int i = 0; i < result.Length; i++)
        {
            if (_to == ElementType.Bool) result[i] = (fromSingle ? context.Singles(0)[i] != 0 : context.Integers(0)[i] != 0) ? 1 : 0;
            else result[i] = Narrow(fromSingle ? (long)context.Singles(0)[i] : context.Integers(0)[i]);
        }
    }

    public override void Backward(OperatorContext context) => context.OutputGradient(0).CopyTo(context.InputGradient(0));

    private long Narrow(long value) => _to switch
    {
        ElementType.Int8 => (sbyte)value,
        ElementType.UInt8 => (byte)value,
        ElementType.Int16 => (short)value,
        ElementType.UInt16 => (ushort)value,
        ElementType.Int32 => (int)value,
        ElementType.UInt32 => (uint)value,
        _ => value,
    };
}
