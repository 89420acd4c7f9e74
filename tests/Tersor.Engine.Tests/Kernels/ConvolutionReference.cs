using Tersor.Engine.Kernels;

namespace Tersor.Engine.Tests.Kernels;

/// <summary>Convolution as its definition says, in double precision.</summary>
internal static class ConvolutionReference
{
    public static double[] Forward(ConvolutionShape shape, float[] input, float[] weight)
    {
        var output = new double[shape.OutputLength];
        Visit(shape, (o, i, w) => output[o] += (double)input[i] * weight[w]);
        return output;
    }

    public static (double[] Input, double[] Weight) Backward(ConvolutionShape shape, float[] input, float[] weight, float[] gradient)
    {
        var inputGradient = new double[shape.InputLength];
        var weightGradient = new double[shape.WeightLength];
        Visit(shape, (o, i, w) =>
        {
            inputGradient[i] += (double)gradient[o] * weight[w];
            weightGradient[w] += (double)gradient[o] * input[i];
        });
        return (inputGradient, weightGradient);
    }

    /// <summary>Calls with the indices of output, input and weight for every multiply-add.</summary>
    private static void Visit(ConvolutionShape shape, Action<int, int, int> visit)
    {
        int inputs = shape.InputChannels / shape.Groups;
        int outputs = shape.OutputChannels / shape.Groups;
        int output = 0;
        for (int image = 0; image < shape.Batch; image++)
        {
            for (int channel = 0; channel < shape.OutputChannels; channel++)
            {
                for (int row = 0; row < shape.OutputHeight; row++)
                {
                    for (int column = 0; column < shape.OutputWidth; column++, output++)
                    {
                        for (int c = 0; c < inputs; c++)
                        {
                            for (int kernelRow = 0; kernelRow < shape.Rows.KernelSize; kernelRow++)
                            {
                                for (int kernelColumn = 0; kernelColumn < shape.Columns.KernelSize; kernelColumn++)
                                {
                                    int y = row * shape.Rows.Stride - shape.Rows.PadBefore + kernelRow * shape.Rows.Dilation;
                                    int x = column * shape.Columns.Stride - shape.Columns.PadBefore + kernelColumn * shape.Columns.Dilation;
                                    if ((uint)y < (uint)shape.InputHeight && (uint)x < (uint)shape.InputWidth)
                                    {
                                        int inputChannel = image * shape.InputChannels + channel / outputs * inputs + c;
                                        visit(
                                            output,
                                            (inputChannel * shape.InputHeight + y) * shape.InputWidth + x,
                                            ((channel * inputs + c) * shape.Rows.KernelSize + kernelRow) * shape.Columns.KernelSize + kernelColumn);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
