using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>A convolution with one input channel per group: each output channel is a sum of shifted rows, computed directly.</summary>
internal unsafe struct DepthwiseForwardJob : IKernelJob
{
    public PatchGeometry Geometry;
    public int Channels;

    /// <summary>Output channels of each input channel.</summary>
    public int Multiplier;

    public float* Input;
    public float* Weight;
    public float* Bias;
    public float* Residual;
    public float* Output;

    /// <summary>Where each kernel position begins in a slice.</summary>
    public int* Offsets;

    public Activation Activation;
    public VectorWidth Width;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int channel = task % Channels;
        var slice = new ImageSlice(Geometry.Rows, Geometry.Columns, Geometry.Rows.OutputSize);
        float* values = scratch.Reserve(ScratchUse.ImageSlice, slice.Length(1));
        slice.Fill(Input + task * (nint)Geometry.InputArea, 1, 0, values);
        for (int i = 0; i < Multiplier; i++)
        {
            nint outputChannel = (nint)task * Multiplier + i;
            int weightChannel = channel * Multiplier + i;
            float* weight = Weight + weightChannel * (nint)Geometry.Depth;
            float bias = Bias is null ? 0f : Bias[weightChannel];
            float* output = Output + outputChannel * Geometry.Area;
            float* residual = Residual is null ? null : Residual + outputChannel * Geometry.Area;
            switch (Width)
            {
                case VectorWidth.Bits512 when Geometry.Columns.OutputSize > Vector256Lanes.Count:
                    Plane<Vector512<float>, Vector512Lanes>(slice, values, weight, bias, residual, output);
                    break;
                case VectorWidth.Bits512 or VectorWidth.Bits256 when Geometry.Columns.OutputSize > Vector128Lanes.Count:
                    Plane<Vector256<float>, Vector256Lanes>(slice, values, weight, bias, residual, output);
                    break;
                case not VectorWidth.Scalar:
                    Plane<Vector128<float>, Vector128Lanes>(slice, values, weight, bias, residual, output);
                    break;
                default:
                    Plane<float, ScalarLanes>(slice, values, weight, bias, residual, output);
                    break;
            }
        }
    }

    private readonly void Plane<TVector, TLanes>(in ImageSlice slice, float* values, float* weight, float bias, float* residual, float* output)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        int width = Geometry.Columns.OutputSize;
        for (int row = 0; row < Geometry.Rows.OutputSize; row++)
        {
            float* source = values + row * (nint)slice.OutputRowStep;
            nint start = row * (nint)width;
            int column = 0;
            for (; column + 4 * TLanes.Count <= width; column += 4 * TLanes.Count)
            {
                FourVectors<TVector, TLanes>(source + column, weight, bias, residual, output, start + column);
            }

            for (; column + TLanes.Count <= width; column += TLanes.Count)
            {
                OneVector<TVector, TLanes>(source + column, weight, bias, residual, output, start + column);
            }

            for (; column < width; column++)
            {
                OneVector<float, ScalarLanes>(source + column, weight, bias, residual, output, start + column);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void FourVectors<TVector, TLanes>(
        float* source, float* weight, float bias, float* residual, float* output, nint index)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector s0 = TLanes.Broadcast(bias), s1 = s0, s2 = s0, s3 = s0;
        for (int k = 0; k < Geometry.Depth; k++)
        {
            TVector factor = TLanes.Broadcast(weight[k]);
            float* from = source + Offsets[k];
            s0 = TLanes.MultiplyAdd(factor, TLanes.Load(from), s0);
            s1 = TLanes.MultiplyAdd(factor, TLanes.Load(from + TLanes.Count), s1);
            s2 = TLanes.MultiplyAdd(factor, TLanes.Load(from + 2 * TLanes.Count), s2);
            s3 = TLanes.MultiplyAdd(factor, TLanes.Load(from + 3 * TLanes.Count), s3);
        }

        Write<TVector, TLanes>(s0, residual, output, index);
        Write<TVector, TLanes>(s1, residual, output, index + TLanes.Count);
        Write<TVector, TLanes>(s2, residual, output, index + 2 * TLanes.Count);
        Write<TVector, TLanes>(s3, residual, output, index + 3 * TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void OneVector<TVector, TLanes>(
        float* source, float* weight, float bias, float* residual, float* output, nint index)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector sum = TLanes.Broadcast(bias);
        for (int k = 0; k < Geometry.Depth; k++)
        {
            sum = TLanes.MultiplyAdd(TLanes.Broadcast(weight[k]), TLanes.Load(source + Offsets[k]), sum);
        }

        Write<TVector, TLanes>(sum, residual, output, index);
    }

    private readonly void Write<TVector, TLanes>(TVector value, float* residual, float* output, nint index)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        if (residual is not null)
        {
            value = TLanes.Add(value, TLanes.Load(residual + index));
        }

        TLanes.Store(Activation.Apply<TVector, TLanes>(value), output + index);
    }
}
