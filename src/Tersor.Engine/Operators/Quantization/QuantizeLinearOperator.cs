using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary><c>y = saturate(round(x / scale) + zero_point)</c>, halves rounding to even. The type is the zero point's, or <c>output_dtype</c>, or uint8.</summary>
internal sealed class QuantizeLinearOperator(OnnxNode node) : Operator(node)
{
    private QuantizationAxis _axis;
    private long _lowest;
    private long _highest;

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0, 1);
        _axis = QuantizationAxis.Of(context, Node);
        ElementType type = context.HasInput(2) ? context.TypeOf(2) : (ElementType)(int)Node.Int("output_dtype", (long)ElementType.UInt8);
        (_lowest, _highest) = type switch
        {
            ElementType.UInt8 => (0L, 255L),
            ElementType.Int8 => (-128L, 127L),
            ElementType.UInt16 => (0L, 65535L),
            ElementType.Int16 => (-32768L, 32767L),
            _ => throw context.Unsupported($"levels of {type.Name()}; 8 and 16 bits are supported"),
        };
        context.SetOutput(0, type, context.ShapeOf(0));
    }

    public override void Forward(OperatorContext context)
    {
        ReadOnlySpan<float> x = context.Singles(0);
        ReadOnlySpan<float> scale = context.Singles(1);
        ReadOnlySpan<long> zero = context.HasInput(2) ? context.Integers(2) : [];
        Span<long> y = context.OutputIntegers(0);
        for (int i = 0; i < x.Length; i++)
        {
            int place = _axis.Of(i);
            float level = MathF.Round(x[i] / scale[place], MidpointRounding.ToEven);
            long shift = zero.IsEmpty ? 0 : zero[place];
            y[i] = Math.Clamp((long)Math.Clamp(level, -1e9f, 1e9f) + shift, _lowest, _highest);
        }
    }
}
