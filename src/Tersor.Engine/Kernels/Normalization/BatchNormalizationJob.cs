using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>Which pass of a batch normalization runs.</summary>
internal enum BatchNormalizationStep
{
    /// <summary>With given statistics.</summary>
    Inference,

    /// <summary>With the batch's statistics.</summary>
    Training,

    /// <summary>The gradients of training.</summary>
    Backward,

    /// <summary>The gradients with given statistics.</summary>
    InferenceBackward,
}

/// <summary>A batch normalization, one channel per task.</summary>
internal unsafe struct BatchNormalizationJob : IKernelJob
{
    private const int ValuesAhead = 1024;

    public BatchNormalizationStep Step;
    public int Batch;
    public int Channels;
    public int Area;
    public float* Input;
    public float* Scale;
    public float* Bias;
    public float* Mean;
    public float* Variance;
    public float Epsilon;

    /// <summary>Values added before the activation, or null.</summary>
    public float* Residual;

    /// <summary>What results go through; while training, nothing or a ReLU.</summary>
    public Activation Activation;

    public float* OutputGradient;

    /// <summary>For the gradients of a rectified sum with a residual: what the forward pass gave.</summary>
    public float* Result;

    /// <summary>Where the gradient of the residual goes, or null; may be the memory of the output's gradient.</summary>
    public float* ResidualGradient;

    public float* Output;
    public bool AccumulateInput;
    public float* ScaleGradient;
    public float* BiasGradient;
    public bool AccumulateParameters;
    public VectorWidth Width;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        switch (Width)
        {
            case VectorWidth.Bits512:
                Channel<Vector512<float>, Vector512Lanes>(task, scratch);
                break;
            case VectorWidth.Bits256:
                Channel<Vector256<float>, Vector256Lanes>(task, scratch);
                break;
            case VectorWidth.Bits128:
                Channel<Vector128<float>, Vector128Lanes>(task, scratch);
                break;
            default:
                Channel<float, ScalarLanes>(task, scratch);
                break;
        }
    }

    private readonly void Channel<TVector, TLanes>(int channel, KernelScratch scratch)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        if (Step is BatchNormalizationStep.Backward or BatchNormalizationStep.InferenceBackward)
        {
            Backward<TVector, TLanes>(channel, scratch);
            return;
        }

        if (Step == BatchNormalizationStep.Training)
        {
            MeasureStatistics<TVector, TLanes>(channel);
        }

        (float factor, float offset) = Line(channel);
        for (int image = 0; image < Batch; image++)
        {
            nint start = Start(image, channel);
            ChannelMoments.Scale<TVector, TLanes>(Input + start, Area, factor, offset, Residual is null ? null : Residual + start, Activation, Output + start);
        }
    }

    private readonly void MeasureStatistics<TVector, TLanes>(int channel)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        // Sums about one of the values: about zero, the variance of values far from it would be lost.
        float shift = Input[Start(0, channel)];
        double sum = 0.0;
        double squares = 0.0;
        for (int image = 0; image < Batch; image++)
        {
            PrefetchAhead(Input, image, channel);
            ChannelMoments.Add<TVector, TLanes>(Input + Start(image, channel), Area, shift, ref sum, ref squares);
        }

        double count = (double)Batch * Area;
        double mean = sum / count;
        Mean[channel] = (float)(shift + mean);
        Variance[channel] = (float)Math.Max(squares / count - mean * mean, 0.0);
    }

    private readonly void Backward<TVector, TLanes>(int channel, KernelScratch scratch)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float mean = Mean[channel];
        (float Factor, float Offset) gate = Activation.Kind != ActivationKind.None && Result is null ? Line(channel) : (1f, 0f);
        double sum = 0.0;
        double products = 0.0;
        for (int image = 0; image < Batch; image++)
        {
            nint start = Start(image, channel);
            PrefetchAhead(Input, image, channel);
            PrefetchAhead(OutputGradient, image, channel);
            float* gradient = GradientOfSum<TVector, TLanes>(start, gate, scratch);
            ChannelMoments.AddProducts<TVector, TLanes>(Input + start, gradient, Area, mean, ref sum, ref products);
        }

        double inverse = InverseDeviation(channel);
        double scaleGradient = products * inverse;
        ScaleGradient[channel] = (float)(AccumulateParameters ? ScaleGradient[channel] + scaleGradient : scaleGradient);
        BiasGradient[channel] = (float)(AccumulateParameters ? BiasGradient[channel] + sum : sum);

        // scale inverse (g - sum / count - (x - mean) inverse scaleGradient / count), as a g + b x + c; given statistics do not move with x.
        double count = Step == BatchNormalizationStep.Backward ? (double)Batch * Area : double.PositiveInfinity;
        double a = Scale[channel] * inverse;
        double b = -a * inverse * scaleGradient / count;
        double c = -a * sum / count - b * mean;
        for (int image = 0; image < Batch; image++)
        {
            nint start = Start(image, channel);
            float* gradient = ResidualGradient is null ? GradientOfSum<TVector, TLanes>(start, gate, scratch) : ResidualGradient + start;
            ChannelMoments.Combine<TVector, TLanes>(
                gradient, Input + start, Area, (float)a, (float)b, (float)c, AccumulateInput, Output + start);
        }
    }

    /// <summary>The gradient before the activation for one channel of one image: that of the normalized values, and of the residual beside them.</summary>
    private readonly float* GradientOfSum<TVector, TLanes>(nint start, (float Factor, float Offset) gate, KernelScratch scratch)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float* gradient = OutputGradient + start;
        float* target = ResidualGradient is null ? null : ResidualGradient + start;
        if (Activation.Kind == ActivationKind.None)
        {
            if (target is null || target == gradient)
            {
                return gradient;
            }

            new ReadOnlySpan<float>(gradient, Area).CopyTo(new Span<float>(target, Area));
            return target;
        }

        // Without a residual the result is computed again, bit by bit as it was: that costs less than reading it.
        target = target is null ? scratch.Reserve(ScratchUse.Partial, Area) : target;
        ChannelMoments.Gate<TVector, TLanes>((Result is null ? Input : Result) + start, gradient, Area, gate.Factor, gate.Offset, target);
        return target;
    }

    /// <summary>Normalization, scale and bias of a channel as one line.</summary>
    private readonly (float Factor, float Offset) Line(int channel)
    {
        float factor = Scale[channel] * InverseDeviation(channel);
        return (factor, Bias[channel] - Mean[channel] * factor);
    }

    private readonly float InverseDeviation(int channel) => (float)(1.0 / Math.Sqrt((double)Variance[channel] + Epsilon));

    /// <summary>Asks for the channel of an image to come: channels of one number stand far apart.</summary>
    private readonly void PrefetchAhead(float* values, int image, int channel)
    {
        int ahead = image + Math.Max(ValuesAhead / Area, 1);
        if (ahead < Batch)
        {
            CacheLines.Prefetch(values + Start(ahead, channel), Area);
        }
    }

    private readonly nint Start(int image, int channel) => ((nint)image * Channels + channel) * Area;
}
