using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>Convolution with groups, strides, dilations and any padding, over one or two dimensions; at inference with the activation that follows.</summary>
internal sealed class ConvOperator(OnnxNode node) : Operator(node), IRowOperator, IHoldingOperator
{
    /// <summary>A further input that a plan may add: values of the output's shape that are added before the activation.</summary>
    public const int Residual = 3;

    /// <summary>A further input that a plan may add where the weight is held in a representation: a factor for each output channel.</summary>
    public const int Scale = 4;

    private readonly WindowAttributes _window = new(node);
    private readonly long _groups = node.Int("group", 1);
    private ConvolutionShape _shape;
    private Activation _activation;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override bool CanAddToGradient(int input) => true;

    public override bool BackwardReadsOutput(int output) => false;

    /// <summary>Whether a summand can still be taken over.</summary>
    public bool CanAddResidual => _activation.Kind == ActivationKind.None;

    public override bool TryFuse(Activation activation)
    {
        if (_activation.Kind != ActivationKind.None) return false;
        _activation = activation;
        return true;
    }

    public override long MultiplyAdds(OperatorContext context) => _shape.MultiplyAdds;

    public override void InferTypes(OperatorContext context)
    {
        WindowAttributes.RequireImages(context);
        context.RequireSingle(1, 2);
        TensorShape input = context.ShapeOf(0);
        TensorShape weight = context.ShapeOf(1);
        if (weight.Rank != input.Rank) throw context.Malformed($"an input of {input} and a weight of {weight}");
        if (_groups < 1 || weight[1] * _groups != input[1]) throw context.Malformed($"an input of {input} and a weight of {weight} do not fit {_groups} groups");
        if (context.HasInput(2) && (context.ShapeOf(2).Rank != 1 || context.ShapeOf(2)[0] != weight[0]))
            throw context.Malformed($"a bias of {context.ShapeOf(2)} for {weight[0]} output channels");
        (int Height, int Width) kernel = _window.Kernel(context, input, weight);
        (int Height, int Width) stride = _window.Pair(context, "strides", input);
        (int Height, int Width) dilation = _window.Pair(context, "dilations", input);
        (int top, int left, int bottom, int right) = _window.Pads(context, input, kernel, stride, dilation);
        try
        {
            _shape = new ConvolutionShape(
                (int)input[0], (int)input[1], input.Rank == 3 ? 1 : (int)input[2], (int)input[input.Rank - 1], (int)weight[0], kernel.Height, kernel.Width,
                stride.Height, stride.Width, dilation.Height, dilation.Width, top, left, bottom, right, (int)_groups);
        }
        catch (ArgumentException error)
        {
            throw context.Malformed(error.Message);
        }

        if (context.HeldOf(1) is not null) context.ReserveScratch(HeldProduct.ScratchLength(Patches));
        context.SetOutput(0, ElementType.Float32, WindowAttributes.OutputShape(input, weight[0], _shape.OutputHeight, _shape.OutputWidth));
    }

    public WeightLayout? LayoutOf(TensorShape weight)
    {
        bool isDepthwise = weight.Rank > 1 && weight[1] == 1 && _groups > 1;
        if (weight.Rank is not (3 or 4) || isDepthwise || _groups < 1 || weight[0] % _groups != 0) return null;
        return new WeightLayout((int)_groups, (int)(weight[0] / _groups), (int)(weight.ElementCount / weight[0]), IsTransposed: false);
    }

    public int RowGroups => _shape.Groups;

    public bool HasColumns => false;

    public int RowLength => Patches.Depth;

    public int PlacesPerSample => Patches.Area;

    private PatchGeometry Patches => new(_shape.Rows, _shape.Columns, _shape.InputChannels / _shape.Groups);

    public void WriteInputs(OperatorContext context, int sample, int group, Span<float> inputs, int stride)
    {
        PatchGeometry patches = Patches;
        int length = patches.Channels * patches.InputArea;
        patches.Write(context.Singles(0).Slice(((sample * _shape.Groups) + group) * length, length), inputs, stride);
    }

    public override void Forward(OperatorContext context)
    {
        ReadOnlySpan<float> bias = context.HasInput(2) ? context.Singles(2) : [];
        ReadOnlySpan<float> residual = context.HasInput(Residual) ? context.Singles(Residual) : [];
        if (context.HeldOf(1) is { } held)
        {
            ReadOnlySpan<float> scale = context.HasInput(Scale) ? context.Singles(Scale) : [];
            HeldProduct.Convolve(
                held.Groups, Patches, _shape.Batch, context.Singles(0), scale, bias, residual, _activation, context.OutputSingles(0), context.Scratch, context.Threads);
            return;
        }

        Convolution.Forward(_shape, context.Singles(0), context.Singles(1), bias, residual, _activation, context.OutputSingles(0), context.Threads);
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        if (context.WantsGradient(0)) Convolution.BackwardInput(_shape, context.Singles(1), gradient, context.InputGradient(0), context.AddsToGradient(0), context.Threads);
        if (context.WantsGradient(1)) Convolution.BackwardWeight(_shape, context.Singles(0), gradient, context.InputGradient(1), context.AddsToGradient(1), context.Threads);
        if (context.WantsGradient(2)) Convolution.BackwardBias(_shape, gradient, context.InputGradient(2), context.AddsToGradient(2), context.Threads);
    }
}
