using Tersor.Models;

namespace Tersor.Engine.Operators;

/// <summary>The shape rule of pooling over all places.</summary>
internal static class GlobalPooling
{
    public static TensorShape OutputShape(OperatorContext context, out int places)
    {
        TensorShape input = context.ShapeOf(0);
        if (input.Rank < 3) throw context.Malformed($"an input of {input}; N x C x D1 ... is expected");
        long[] output = input.Dimensions.ToArray();
        output.AsSpan(2).Fill(1);
        long count = 1;
        foreach (long dimension in input.Dimensions[2..]) count *= dimension;
        if (count == 0) throw context.Malformed($"nothing to pool in {input}");
        places = checked((int)count);
        return new TensorShape(output);
    }
}
