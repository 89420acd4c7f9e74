using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// The attributes that convolutions and pooling share: <c>kernel_shape</c>, <c>strides</c> and <c>dilations</c> (1 unless said), <c>pads</c> (0 unless said; all
/// begins before all ends) and <c>auto_pad</c>. One dimension is treated as two with height 1.
/// </summary>
internal sealed class WindowAttributes
{
    private readonly OnnxNode _node;
    private readonly string _autoPad;

    public WindowAttributes(OnnxNode node)
    {
        _node = node;
        _autoPad = node.Text("auto_pad", "NOTSET");
        if (_autoPad is not ("NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER")) throw node.Refuse($"auto_pad = '{_autoPad}' is not one of NOTSET, VALID, SAME_UPPER, SAME_LOWER");
        KernelShape = node.Ints("kernel_shape");
        if (KernelShape is { Length: not (1 or 2) }) throw node.Refuse($"a kernel over {KernelShape.Length} dimensions; 1 and 2 are supported");
    }

    /// <summary>Null where the attribute is left out and the weight says it.</summary>
    public long[]? KernelShape { get; }

    public bool IsAutomatic => _autoPad is "SAME_UPPER" or "SAME_LOWER";

    /// <summary>Whether the odd element of automatic padding goes to the end.</summary>
    public bool PadsAfter => _autoPad == "SAME_UPPER";

    /// <summary>Images are N x C x L or N x C x H x W.</summary>
    public static void RequireImages(OperatorContext context)
    {
        context.RequireSingle(0);
        int rank = context.ShapeOf(0).Rank;
        if (rank is not (3 or 4)) throw context.Unsupported($"an input of {rank} dimensions; N x C x L and N x C x H x W are supported");
    }

    /// <summary>A value per spatial dimension, height first; 1 for the height of one-dimensional data.</summary>
    public (int Height, int Width) Pair(OperatorContext context, string attribute, TensorShape input)
    {
        long[]? values = _node.Ints(attribute);
        if (values is null) return (1, 1);
        if (values.Length != input.Rank - 2) throw context.Malformed($"{attribute} has {values.Length} values for {input.Rank - 2} spatial dimensions");
        return input.Rank == 3 ? (1, Size(context, attribute, values[0])) : (Size(context, attribute, values[0]), Size(context, attribute, values[1]));
    }

    /// <summary>The kernel's size, height first.</summary>
    public (int Height, int Width) Kernel(OperatorContext context, TensorShape input, TensorShape? weight)
    {
        long[] kernel = KernelShape ?? weight?.Dimensions[2..].ToArray() ?? throw context.Malformed("has no kernel_shape");
        if (kernel.Length != input.Rank - 2) throw context.Malformed($"a kernel over {kernel.Length} dimensions for an input of {input}");
        if (weight is { } shape && !shape.Dimensions[2..].SequenceEqual(kernel)) throw context.Malformed($"kernel_shape [{string.Join(", ", kernel)}] and a weight of {shape}");
        return kernel.Length == 1 ? (1, Size(context, "kernel_shape", kernel[0])) : (Size(context, "kernel_shape", kernel[0]), Size(context, "kernel_shape", kernel[1]));
    }

    /// <summary>The padding: top, left, bottom, right.</summary>
    public (int Top, int Left, int Bottom, int Right) Pads(OperatorContext context, TensorShape input, (int Height, int Width) kernel, (int Height, int Width) stride, (int Height, int Width) dilation)
    {
        if (IsAutomatic)
        {
            (int top, int bottom) = input.Rank == 3 ? (0, 0) : Same((int)input[2], kernel.Height, stride.Height, dilation.Height);
            (int left, int right) = Same((int)input[input.Rank - 1], kernel.Width, stride.Width, dilation.Width);
            return (top, left, bottom, right);
        }

        return _autoPad == "VALID" ? default : ExplicitPads(context, input);
    }

    /// <summary>The attribute <c>pads</c>: top, left, bottom, right.</summary>
    public (int Top, int Left, int Bottom, int Right) ExplicitPads(OperatorContext context, TensorShape input)
    {
        long[]? pads = _node.Ints("pads");
        if (pads is null) return default;
        if (pads.Length != 2 * (input.Rank - 2)) throw context.Malformed($"pads has {pads.Length} values for {input.Rank - 2} spatial dimensions");
        foreach (long pad in pads)
        {
            if (pad is < 0 or > int.MaxValue) throw context.Malformed($"a padding of {pad}");
        }

        return pads.Length == 2 ? (0, (int)pads[0], 0, (int)pads[1]) : ((int)pads[0], (int)pads[1], (int)pads[2], (int)pads[3]);
    }

    /// <summary>The windows of a pooling operator.</summary>
    public (WindowAxis Rows, WindowAxis Columns) Windows(OperatorContext context, TensorShape input, bool roundUp)
    {
        (int Height, int Width) kernel = Kernel(context, input, null);
        (int Height, int Width) stride = Pair(context, "strides", input);
        (int Height, int Width) dilation = Pair(context, "dilations", input);
        (int top, int left, int bottom, int right) = Pads(context, input, kernel, stride, dilation);
        try
        {
            return (
                new WindowAxis(input.Rank == 3 ? 1 : (int)input[2], kernel.Height, stride.Height, dilation.Height, top, bottom, roundUp),
                new WindowAxis((int)input[input.Rank - 1], kernel.Width, stride.Width, dilation.Width, left, right, roundUp));
        }
        catch (ArgumentException error)
        {
            throw context.Malformed(error.Message);
        }
    }

    /// <summary>The output's shape: images and channels, then the spatial dimensions.</summary>
    public static TensorShape OutputShape(TensorShape input, long channels, int height, int width) =>
        input.Rank == 3 ? new TensorShape(input[0], channels, width) : new TensorShape(input[0], channels, height, width);

    private (int Before, int After) Same(int size, int kernel, int stride, int dilation)
    {
        int output = (size + stride - 1) / stride;
        int total = Math.Max(0, ((output - 1) * stride) + ((kernel - 1) * dilation) + 1 - size);
        int smaller = total / 2;
        return PadsAfter ? (smaller, total - smaller) : (total - smaller, smaller);
    }

    private static int Size(OperatorContext context, string attribute, long value) =>
        value is > 0 and <= int.MaxValue ? (int)value : throw context.Malformed($"{attribute} of {value}");
}
