using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// <c>y = (x - mean) / sqrt(var + epsilon) * scale + bias</c> per channel; <c>epsilon</c> is 1e-5 and <c>momentum</c> 0.9 unless said. At inference mean and
/// variance are the running ones; while training they are the batch's (population variance), and the running ones become
/// <c>running * momentum + batch * (1 - momentum)</c>. A plan adds the residual and the activation that follow.
/// </summary>
internal sealed class BatchNormalizationOperator : Operator
{
    /// <summary>A further input that a plan may add: values of the output's shape that are added before the activation.</summary>
    public const int Residual = 5;

    private readonly float _momentum;
    private Activation _activation;
    private bool _hasResidual;
    private int _batch;
    private int _channels;
    private int _places;

    public BatchNormalizationOperator(OnnxNode node, long operatorSet)
        : base(node)
    {
        Epsilon = node.Float("epsilon", 1e-5f);
        _momentum = node.Float("momentum", 0.9f);
        if (operatorSet < 9 && !node.Flag("spatial", true)) throw node.Refuse("spatial = 0");
    }

    public float Epsilon { get; }

    public override bool HasBackward => true;

    /// <summary>Whether a summand can still be taken over.</summary>
    public bool CanAddResidual => _activation.Kind == ActivationKind.None;

    public override bool IsDifferentiable(int input) => input is < 3 or Residual;

    public override bool BackwardReadsInput(int input) => input < 3;

    // The sign of a sum with a residual is read, that of the normalized values alone is computed again.
    public override bool BackwardReadsOutput(int output) => _hasResidual && _activation.Kind != ActivationKind.None;

    public override bool PassesGradient(int input) => input == Residual;

    public override bool CanOverwrite(int input) => input == 0;

    public override bool TryFuse(Activation activation)
    {
        if (_activation.Kind != ActivationKind.None) return false;
        _activation = activation;
        return true;
    }

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0, 1, 2, 3, 4);
        TensorShape input = context.ShapeOf(0);
        if (input.Rank < 2) throw context.Malformed($"an input of {input}; N x C x ... is expected");
        _channels = (int)input[1];
        _places = (int)new TensorShape(input.Dimensions[2..]).ElementCount;
        for (int i = 1; i <= 4; i++)
        {
            if (context.ShapeOf(i).ElementCount != _channels) throw context.Malformed($"input {i} of {context.ShapeOf(i)} for {_channels} channels");
        }

        for (int i = 1; i < context.OutputCount; i++)
        {
            if (context.HasOutput(i)) throw context.Unsupported("its outputs of statistics; export the model for inference");
        }

        context.SetOutput(0, ElementType.Float32, input);
        _hasResidual = context.HasInput(Residual);
        _batch = (int)input[0];
        if (!context.NeedsBackward) return;

        // Saved: the batch's means and variances. Scratch: gradients that nobody wants but the kernel writes.
        if (context.IsTraining) context.ReserveSaved(2 * _channels);
        bool wantsInput = context.InputSlots[0]!.NeedsGradient;
        context.ReserveScratch((2 * _channels) + (wantsInput ? 0 : input.ElementCount));
    }

    public override void Forward(OperatorContext context)
    {
        if (!context.IsTraining)
        {
            BatchNormalization.Inference(
                _batch, _channels, _places, context.Singles(0), context.Singles(1), context.Singles(2), context.Singles(3), context.Singles(4), Epsilon,
                _activation, context.OutputSingles(0), context.Threads);
            return;
        }

        Span<float> mean = context.Saved[.._channels];
        Span<float> variance = context.Saved[_channels..];
        BatchNormalization.Training(
            VectorWidths.Widest, _batch, _channels, _places, context.Singles(0), context.Singles(1), context.Singles(2), Epsilon,
            _hasResidual ? context.Singles(Residual) : [], _activation, context.OutputSingles(0), mean, variance, context.Threads);
        Follow(context.State(3), mean);
        Follow(context.State(4), variance);
    }

    public override void Backward(OperatorContext context) => BatchNormalization.Backward(
        VectorWidths.Widest,
        _batch,
        _channels,
        _places,
        context.Singles(0),
        context.Singles(1),
        context.Singles(2),
        context.IsTraining ? context.Saved[.._channels] : context.Singles(3),
        context.IsTraining ? context.Saved[_channels..] : context.Singles(4),
        Epsilon,
        _activation,
        _hasResidual ? context.OutputSingles(0) : [],
        context.OutputGradient(0),
        context.InputGradientOr(Residual, []),
        context.InputGradientOr(0, context.Scratch[(2 * _channels)..]),
        accumulateInput: false,
        context.InputGradientOr(1, context.Scratch[.._channels]),
        context.InputGradientOr(2, context.Scratch.Slice(_channels, _channels)),
        accumulateParameters: false,
        context.Threads,
        statisticsAreGiven: !context.IsTraining);

    private void Follow(Span<float> running, ReadOnlySpan<float> batch)
    {
        for (int c = 0; c < running.Length; c++) running[c] = (running[c] * _momentum) + (batch[c] * (1 - _momentum));
    }
}
