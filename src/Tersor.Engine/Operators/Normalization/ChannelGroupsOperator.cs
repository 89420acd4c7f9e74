using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>What instance and group normalization share: groups of channels of every image are brought to mean 0 and variance 1, then scaled and shifted.</summary>
internal abstract class ChannelGroupsOperator(OnnxNode node) : Operator(node)
{
    private readonly float _epsilon = node.Float("epsilon", 1e-5f);
    private int _batch;
    private int _channels;
    private int _places;
    private int _groups;
    private int _channelsPerScale;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override bool BackwardReadsInput(int input) => input < 2;

    public override bool BackwardReadsOutput(int output) => false;

    public override void Forward(OperatorContext context)
    {
        int statistics = _batch * _groups;
        Span<float> scale = context.Scratch[.._channels];
        Span<float> bias = context.Scratch.Slice(_channels, _channels);
        PerChannel(context.Singles(1), scale);
        PerChannel(context.Singles(2), bias);
        GroupNormalization.Forward(
            _batch, _channels, _places, _groups, context.Singles(0), scale, bias, _epsilon, context.OutputSingles(0), context.Saved[..statistics], context.Saved[statistics..], context.Threads);
    }

    public override void Backward(OperatorContext context)
    {
        int statistics = _batch * _groups;
        Span<float> scale = context.Scratch[.._channels];
        Span<float> scaleGradient = context.Scratch.Slice(_channels, _channels);
        Span<float> biasGradient = context.Scratch.Slice(2 * _channels, _channels);
        PerChannel(context.Singles(1), scale);
        GroupNormalization.Backward(
            _batch,
            _channels,
            _places,
            _groups,
            context.Singles(0),
            scale,
            context.Saved[..statistics],
            context.Saved[statistics..],
            context.OutputGradient(0),
            context.InputGradientOr(0, context.Scratch[(3 * _channels)..]),
            accumulateInput: false,
            scaleGradient,
            biasGradient,
            accumulateParameters: false,
            context.Threads);
        if (context.WantsGradient(1)) PerScale(scaleGradient, context.InputGradient(1));
        if (context.WantsGradient(2)) PerScale(biasGradient, context.InputGradient(2));
    }

    /// <summary>Sets the geometry, and the only output.</summary>
    /// <param name="context">The node's context.</param>
    /// <param name="groups">Groups of channels.</param>
    /// <param name="scales">Elements of scale and bias: as many as channels, or as groups.</param>
    protected void SetGroups(OperatorContext context, long groups, long scales)
    {
        context.RequireSingle(0, 1, 2);
        TensorShape input = context.ShapeOf(0);
        (_batch, _channels, _groups) = ((int)input[0], (int)input[1], checked((int)groups));
        _places = (int)new TensorShape(input.Dimensions[2..]).ElementCount;
        _channelsPerScale = (int)(_channels / scales);
        for (int i = 1; i <= 2; i++)
        {
            if (context.ShapeOf(i).ElementCount != scales) throw context.Malformed($"input {i} of {context.ShapeOf(i)} where {scales} values are expected");
        }

        context.SetOutput(0, ElementType.Float32, input);
        context.ReserveSaved(2L * _batch * _groups);
        bool writesInVain = context.NeedsBackward && !context.InputSlots[0]!.NeedsGradient;
        context.ReserveScratch((3L * _channels) + (writesInVain ? input.ElementCount : 0));
    }

    private void PerChannel(ReadOnlySpan<float> scales, Span<float> channels)
    {
        for (int c = 0; c < channels.Length; c++) channels[c] = scales[c / _channelsPerScale];
    }

    private void PerScale(ReadOnlySpan<float> channels, Span<float> scales)
    {
        scales.Clear();
        for (int c = 0; c < channels.Length; c++) scales[c / _channelsPerScale] += channels[c];
    }
}
