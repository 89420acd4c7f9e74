using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>Which pass of a group normalization runs.</summary>
internal enum GroupNormalizationStep
{
    /// <summary>Statistics and output, one group of an image per task.</summary>
    Forward,

    /// <summary>The input's gradient, one group of an image per task.</summary>
    InputGradient,

    /// <summary>The gradients of scale and bias, one channel per task.</summary>
    ParameterGradients,
}

/// <summary>A pass of a group normalization.</summary>
internal unsafe struct GroupNormalizationJob : IKernelJob
{
    public GroupNormalizationStep Step;
    public int Batch;
    public int Channels;
    public int Area;
    public int Groups;
    public float* Input;
    public float* Scale;
    public float* Bias;
    public float Epsilon;
    public float* Mean;
    public float* InverseDeviation;
    public float* OutputGradient;
    public float* Output;
    public bool AccumulateInput;
    public float* ScaleGradient;
    public float* BiasGradient;
    public bool AccumulateParameters;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        switch (VectorWidths.Widest)
        {
            case VectorWidth.Bits512:
                Execute<Vector512<float>, Vector512Lanes>(task);
                break;
            case VectorWidth.Bits256:
                Execute<Vector256<float>, Vector256Lanes>(task);
                break;
            case VectorWidth.Bits128:
                Execute<Vector128<float>, Vector128Lanes>(task);
                break;
            default:
                Execute<float, ScalarLanes>(task);
                break;
        }
    }

    private readonly int ChannelsPerGroup => Channels / Groups;

    private readonly void Execute<TVector, TLanes>(int task)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        switch (Step)
        {
            case GroupNormalizationStep.Forward:
                Forward<TVector, TLanes>(task);
                break;
            case GroupNormalizationStep.InputGradient:
                InputGradientOfGroup<TVector, TLanes>(task);
                break;
            default:
                ParameterGradientsOfChannel<TVector, TLanes>(task);
                break;
        }
    }

    private readonly void Forward<TVector, TLanes>(int group)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        int length = ChannelsPerGroup * Area;
        nint start = (nint)group * length;
        float shift = Input[start];
        double sum = 0.0;
        double squares = 0.0;
        ChannelMoments.Add<TVector, TLanes>(Input + start, length, shift, ref sum, ref squares);
        double offset = sum / length;
        double variance = Math.Max(squares / length - offset * offset, 0.0);
        float mean = (float)(shift + offset);
        float inverse = (float)(1.0 / Math.Sqrt(variance + Epsilon));
        Mean[group] = mean;
        InverseDeviation[group] = inverse;
        int firstChannel = group % Groups * ChannelsPerGroup;
        for (int i = 0; i < ChannelsPerGroup; i++)
        {
            float factor = Scale[firstChannel + i] * inverse;
            nint at = start + (nint)i * Area;
            ChannelMoments.Scale<TVector, TLanes>(Input + at, Area, factor, Bias[firstChannel + i] - mean * factor, null, Activation.None, Output + at);
        }
    }

    private readonly void InputGradientOfGroup<TVector, TLanes>(int group)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        int length = ChannelsPerGroup * Area;
        nint start = (nint)group * length;
        int firstChannel = group % Groups * ChannelsPerGroup;
        double mean = Mean[group];
        double inverse = InverseDeviation[group];
        double sum = 0.0;
        double products = 0.0;
        for (int i = 0; i < ChannelsPerGroup; i++)
        {
            double channelSum = 0.0;
            double channelProducts = 0.0;
            nint at = start + (nint)i * Area;
            ChannelMoments.AddProducts<TVector, TLanes>(Input + at, OutputGradient + at, Area, (float)mean, ref channelSum, ref channelProducts);
            sum += Scale[firstChannel + i] * channelSum;
            products += Scale[firstChannel + i] * channelProducts;
        }

        // inverse (scale g - sum / length - (x - mean) inverse^2 products / length), as a g + b x + c.
        double b = -inverse * inverse * inverse * products / length;
        double c = -inverse * sum / length - b * mean;
        for (int i = 0; i < ChannelsPerGroup; i++)
        {
            nint at = start + (nint)i * Area;
            ChannelMoments.Combine<TVector, TLanes>(
                OutputGradient + at, Input + at, Area, (float)(Scale[firstChannel + i] * inverse), (float)b, (float)c, AccumulateInput, Output + at);
        }
    }

    private readonly void ParameterGradientsOfChannel<TVector, TLanes>(int channel)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        double sum = AccumulateParameters ? BiasGradient[channel] : 0.0;
        double products = AccumulateParameters ? ScaleGradient[channel] : 0.0;
        for (int image = 0; image < Batch; image++)
        {
            int group = image * Groups + channel / ChannelsPerGroup;
            double imageProducts = 0.0;
            nint at = ((nint)image * Channels + channel) * Area;
            ChannelMoments.AddProducts<TVector, TLanes>(Input + at, OutputGradient + at, Area, Mean[group], ref sum, ref imageProducts);
            products += imageProducts * InverseDeviation[group];
        }

        BiasGradient[channel] = (float)sum;
        ScaleGradient[channel] = (float)products;
    }
}
