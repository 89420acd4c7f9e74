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
                    Plane<Vector512<float>, Vector512Lanes>(slice.OutputRowStep, values, weight, bias, residual, output);
                    break;
                case VectorWidth.Bits512 or VectorWidth.Bits256 when Geometry.Columns.OutputSize > Vector128Lanes.Count:
                    Plane<Vector256<float>, Vector256Lanes>(slice.OutputRowStep, values, weight, bias, residual, output);
                    break;
                case not VectorWidth.Scalar:
                    Plane<Vector128<float>, Vector128Lanes>(slice.OutputRowStep, values, weight, bias, residual, output);
                    break;
                default:
                    Plane<float, ScalarLanes>(slice.OutputRowStep, values, weight, bias, residual, output);
                    break;
            }
        }
    }

    /// <summary>One output channel, four vectors at a time, of one row or of several.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Plane<TVector, TLanes>(int rowStep, float* values, float* weight, float bias, float* residual, float* output)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        int width = Geometry.Columns.OutputSize;
        int perRow = (width + TLanes.Count - 1) / TLanes.Count;
        int vectors = perRow * Geometry.Rows.OutputSize;
        int positions = Geometry.Depth;
        float** from = stackalloc float*[4];
        nint* to = stackalloc nint[4];
        int* counts = stackalloc int[4];
        float* sums = stackalloc float[4 * TLanes.Count];
        int row = 0;
        int column = 0;
        for (int done = 0; done < vectors; done += 4)
        {
            // Past the end, the last vector is computed again and not written.
            int wanted = Math.Min(4, vectors - done);
            for (int i = 0; i < 4; i++)
            {
                if (i >= wanted)
                {
                    from[i] = from[wanted - 1];
                    continue;
                }

                from[i] = values + row * (nint)rowStep + column;
                to[i] = row * (nint)width + column;
                counts[i] = Math.Min(TLanes.Count, width - column);
                column += TLanes.Count;
                if (column >= width)
                {
                    column = 0;
                    row++;
                }
            }

            float* from0 = from[0];
            float* from1 = from[1];
            float* from2 = from[2];
            float* from3 = from[3];
            TVector s0 = TLanes.Broadcast(bias), s1 = s0, s2 = s0, s3 = s0;
            for (int k = 0; k < positions; k++)
            {
                TVector factor = TLanes.Broadcast(weight[k]);
                nint offset = Offsets[k];
                s0 = TLanes.MultiplyAdd(factor, TLanes.Load(from0 + offset), s0);
                s1 = TLanes.MultiplyAdd(factor, TLanes.Load(from1 + offset), s1);
                s2 = TLanes.MultiplyAdd(factor, TLanes.Load(from2 + offset), s2);
                s3 = TLanes.MultiplyAdd(factor, TLanes.Load(from3 + offset), s3);
            }

            // By way of memory: a call while sums are in registers would keep them out of registers in the loop above.
            TLanes.Store(s0, sums);
            TLanes.Store(s1, sums + TLanes.Count);
            TLanes.Store(s2, sums + 2 * TLanes.Count);
            TLanes.Store(s3, sums + 3 * TLanes.Count);
            for (int i = 0; i < wanted; i++)
            {
                Write<TVector, TLanes>(sums + i * TLanes.Count, residual, output, to[i], counts[i]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private readonly void Write<TVector, TLanes>(float* sums, float* residual, float* output, nint index, int count)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        // What passes the end of a row is overwritten by the next one; what would pass the end of the channel is not written.
        if (index + TLanes.Count <= Geometry.Area)
        {
            TVector value = TLanes.Load(sums);
            if (residual is not null)
            {
                value = TLanes.Add(value, TLanes.Load(residual + index));
            }

            TLanes.Store(Activation.Apply<TVector, TLanes>(value), output + index);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            float sum = residual is null ? sums[i] : sums[i] + residual[index + i];
            output[index + i] = Activation.Apply<float, ScalarLanes>(sum);
        }
    }
}
