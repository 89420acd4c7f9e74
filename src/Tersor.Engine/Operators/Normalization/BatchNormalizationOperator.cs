using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// <c>y = (x - mean) / sqrt(var + epsilon) * scale + bias</c> per channel; <c>epsilon</c> is 1e-5 and <c>momentum</c> 0.9 unless said. At inference mean and
/// variance are the running ones; while training they are the batch's (population variance), and the running ones become
/// <c>running * momentum + batch * (1 - momentum)</c>.
/// </summary>
internal sealed class BatchNormalizationOperator : Operator
{
    private readonly float _momentum;
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

    public override bool IsFoldable => true;

    public override bool IsDifferentiable(int input) => input < 3;

    public override bool BackwardReadsInput(int input) => input < 2;

    public override bool BackwardReadsOutput(int output) => false;

    public override bool CanOverwrite(int input) => input == 0;

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

        // Saved: the batch's means and inverse deviations. Scratch: three values per channel.
        context.ReserveSaved(2 * _channels);
        context.ReserveScratch(3 * _channels);
    }

    public override void Forward(OperatorContext context)
    {
        ReadOnlySpan<float> x = context.Singles(0);
        ReadOnlySpan<float> scale = context.Singles(1);
        ReadOnlySpan<float> bias = context.Singles(2);
        Span<float> mean = context.Saved[.._channels];
        Span<float> inverse = context.Saved[_channels..];
        if (context.IsTraining)
        {
            BatchStatistics.MeanAndVariance(x, _channels, _places, mean, inverse);
            Span<float> runningMean = context.State(3);
            Span<float> runningVariance = context.State(4);
            for (int c = 0; c < _channels; c++)
            {
                runningMean[c] = (runningMean[c] * _momentum) + (mean[c] * (1 - _momentum));
                runningVariance[c] = (runningVariance[c] * _momentum) + (inverse[c] * (1 - _momentum));
            }
        }
        else
        {
            context.Singles(3).CopyTo(mean);
            context.Singles(4).CopyTo(inverse);
        }

        Span<float> factors = context.Scratch[.._channels];
        Span<float> summands = context.Scratch.Slice(_channels, _channels);
        for (int c = 0; c < _channels; c++)
        {
            inverse[c] = 1 / MathF.Sqrt(inverse[c] + Epsilon);
            factors[c] = scale[c] * inverse[c];
            summands[c] = bias[c] - (mean[c] * factors[c]);
        }

        BatchStatistics.Affine(x, _places, factors, summands, context.OutputSingles(0));
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> x = context.Singles(0);
        ReadOnlySpan<float> scale = context.Singles(1);
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        ReadOnlySpan<float> mean = context.Saved[.._channels];
        ReadOnlySpan<float> inverse = context.Saved[_channels..];
        Span<float> sums = context.Scratch[.._channels];
        Span<float> products = context.Scratch.Slice(_channels, _channels);
        BatchStatistics.GradientSums(x, gradient, _channels, _places, mean, sums, products);
        if (context.WantsGradient(1)) System.Numerics.Tensors.TensorPrimitives.Multiply(products, inverse, context.InputGradient(1));
        if (context.WantsGradient(2)) sums.CopyTo(context.InputGradient(2));
        if (!context.WantsGradient(0)) return;

        // With d = x - mean: dx = scale * inv * (g - sum(g) / n - d * inv^2 * sum(g d) / n), gathered by g, x and 1.
        float count = x.Length / (float)_channels;
        Span<float> constants = context.Scratch.Slice(2 * _channels, _channels);
        for (int c = 0; c < _channels; c++)
        {
            float a = scale[c] * inverse[c];
            float b = -a * inverse[c] * inverse[c] * products[c] / count;
            constants[c] = (-a * sums[c] / count) - (b * mean[c]);
            sums[c] = a;
            products[c] = b;
        }

        BatchStatistics.Combine(gradient, x, _places, sums, products, constants, context.InputGradient(0));
    }
}
