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
}

/// <summary>A batch normalization, one channel per task.</summary>
internal unsafe struct BatchNormalizationJob : IKernelJob
{
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
    public Activation Activation;
    public float* OutputGradient;
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
                Channel<Vector512<float>, Vector512Lanes>(task);
                break;
            case VectorWidth.Bits256:
                Channel<Vector256<float>, Vector256Lanes>(task);
                break;
            case VectorWidth.Bits128:
                Channel<Vector128<float>, Vector128Lanes>(task);
                break;
            default:
                Channel<float, ScalarLanes>(task);
                break;
        }
    }

    private readonly void Channel<TVector, TLanes>(int channel)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        if (Step == BatchNormalizationStep.Backward)
        {
            Backward<TVector, TLanes>(channel);
            return;
        }

        if (Step == BatchNormalizationStep.Training)
        {
            MeasureStatistics<TVector, TLanes>(channel);
        }

        float factor = Scale[channel] * InverseDeviation(channel);
        float offset = Bias[channel] - Mean[channel] * factor;
        for (int image = 0; image < Batch; image++)
        {
            nint start = Start(image, channel);
            ChannelMoments.Scale<TVector, TLanes>(Input + start, Area, factor, offset, Activation, Output + start);
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
            ChannelMoments.Add<TVector, TLanes>(Input + Start(image, channel), Area, shift, ref sum, ref squares);
        }

        double count = (double)Batch * Area;
        double mean = sum / count;
        Mean[channel] = (float)(shift + mean);
        Variance[channel] = (float)Math.Max(squares / count - mean * mean, 0.0);
    }

    private readonly void Backward<TVector, TLanes>(int channel)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float mean = Mean[channel];
        double sum = 0.0;
        double products = 0.0;
        for (int image = 0; image < Batch; image++)
        {
            nint start = Start(image, channel);
            ChannelMoments.AddProducts<TVector, TLanes>(Input + start, OutputGradient + start, Area, mean, ref sum, ref products);
        }

        double inverse = InverseDeviation(channel);
        double scaleGradient = products * inverse;
        ScaleGradient[channel] = (float)(AccumulateParameters ? ScaleGradient[channel] + scaleGradient : scaleGradient);
        BiasGradient[channel] = (float)(AccumulateParameters ? BiasGradient[channel] + sum : sum);

        // scale inverse (g - sum / count - (x - mean) inverse scaleGradient / count), as a g + b x + c.
        double count = (double)Batch * Area;
        double a = Scale[channel] * inverse;
        double b = -a * inverse * scaleGradient / count;
        double c = -a * sum / count - b * mean;
        for (int image = 0; image < Batch; image++)
        {
            nint start = Start(image, channel);
            ChannelMoments.Combine<TVector, TLanes>(
                OutputGradient + start, Input + start, Area, (float)a, (float)b, (float)c, AccumulateInput, Output + start);
        }
    }

    private readonly float InverseDeviation(int channel) => (float)(1.0 / Math.Sqrt((double)Variance[channel] + Epsilon));

    private readonly nint Start(int image, int channel) => ((nint)image * Channels + channel) * Area;
}
