using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// The transpose of a convolution: its forward pass is a convolution's gradient of the input, and the other way round. Attributes besides those of Conv:
/// <c>output_padding</c> (0 unless said) and <c>output_shape</c>, which decides the padding.
/// </summary>
internal sealed class ConvTransposeOperator(OnnxNode node) : Operator(node)
{
    private readonly WindowAttributes _window = new(node);
    private readonly long _groups = node.Int("group", 1);
    private ConvolutionShape _shape;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override bool BackwardReadsOutput(int output) => false;

    public override long MultiplyAdds(OperatorContext context) => _shape.MultiplyAdds;

    public override void InferTypes(OperatorContext context)
    {
        WindowAttributes.RequireImages(context);
        context.RequireSingle(1, 2);
        TensorShape input = context.ShapeOf(0);
        TensorShape weight = context.ShapeOf(1);
        if (weight.Rank != input.Rank || weight[0] != input[1] || _groups < 1 || weight[0] % _groups != 0)
            throw context.Malformed($"an input of {input} and a weight of {weight} do not fit {_groups} groups");
        long channels = weight[1] * _groups;
        if (context.HasInput(2) && context.ShapeOf(2).ElementCount != channels) throw context.Malformed($"a bias of {context.ShapeOf(2)} for {channels} output channels");
        (int Height, int Width) kernel = _window.Kernel(context, input, weight);
        (int Height, int Width) stride = _window.Pair(context, "strides", input);
        (int Height, int Width) dilation = _window.Pair(context, "dilations", input);
        (int top, int left, int bottom, int right) = _window.ExplicitPads(context, input);
        (int height, top, bottom) = input.Rank == 3 ? (1, 0, 0) : Axis(context, input, 0, kernel.Height, stride.Height, dilation.Height, top, bottom);
        (int width, left, right) = Axis(context, input, input.Rank - 3, kernel.Width, stride.Width, dilation.Width, left, right);
        try
        {
            _shape = new ConvolutionShape(
                (int)input[0], (int)channels, height, width, (int)input[1], kernel.Height, kernel.Width,
                stride.Height, stride.Width, dilation.Height, dilation.Width, top, left, bottom, right, (int)_groups);
        }
        catch (ArgumentException error)
        {
            throw context.Malformed(error.Message);
        }

        if (_shape.OutputHeight != (input.Rank == 3 ? 1 : input[2]) || _shape.OutputWidth != input[input.Rank - 1])
            throw context.Unsupported("an output_padding as large as the stride");
        context.SetOutput(0, ElementType.Float32, WindowAttributes.OutputShape(input, channels, height, width));
    }

    public override void Forward(OperatorContext context)
    {
        Convolution.BackwardInput(_shape, context.Singles(1), context.Singles(0), context.OutputSingles(0), accumulate: false, context.Threads);
        if (context.HasInput(2)) ChannelSums.Add(context.Singles(2), _shape.InputHeight * _shape.InputWidth, context.OutputSingles(0));
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        if (context.WantsGradient(0)) Convolution.Forward(_shape, gradient, context.Singles(1), [], [], Activation.None, context.InputGradient(0), context.Threads);
        if (context.WantsGradient(1)) Convolution.BackwardWeight(_shape, gradient, context.Singles(0), context.InputGradient(1), accumulate: false, context.Threads);
        if (context.WantsGradient(2)) ChannelSums.Compute(gradient, _shape.InputChannels, _shape.InputHeight * _shape.InputWidth, context.InputGradient(2));
    }

    private (int Size, int Before, int After) Axis(OperatorContext context, TensorShape input, int axis, int kernel, int stride, int dilation, int before, int after)
    {
        long extra = Node.Ints("output_padding")?[axis] ?? 0;
        long full = (stride * (input[axis + 2] - 1)) + extra + ((kernel - 1L) * dilation) + 1;
        long size;
        if (Node.Ints("output_shape") is { } shape)
        {
            // Both [H, W] and the whole [N, C, H, W] are found in files.
            size = shape[shape.Length - input.Rank + 2 + axis];
        }
        else if (_window.IsAutomatic)
        {
            size = input[axis + 2] * stride;
        }
        else
        {
            size = full - before - after;
        }

        if (Node.Find("output_shape") is not null || _window.IsAutomatic)
        {
            long total = full - size;
            if (total < 0) throw context.Unsupported($"an output_shape of {size} where at most {full} are reached");
            before = (int)(_window.PadsAfter ? total / 2 : total - (total / 2));
            after = (int)total - before;
        }

        if (size is <= 0 or > int.MaxValue) throw context.Malformed($"an output of {size} along axis {axis + 2}");

        // The extra rows at the end are rows that no window of the convolution begins in.
        return ((int)size, before, after);
    }
}
