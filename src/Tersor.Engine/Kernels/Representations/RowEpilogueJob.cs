using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>What is left to do once products are there: <c>y = activation(scale y + bias + residual)</c>, one row per task.</summary>
internal unsafe struct RowEpilogueJob : IKernelJob
{
    public int Channels;
    public int Length;
    public float* Values;

    /// <summary>A factor per channel, or null.</summary>
    public float* Scale;

    /// <summary>A summand per channel, or null.</summary>
    public float* Bias;

    /// <summary>A summand per value, or null.</summary>
    public float* Residual;
    public Activation Activation;
    public VectorWidth Width;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        switch (Width)
        {
            case VectorWidth.Bits512:
                Row<Vector512<float>, Vector512Lanes>(task);
                break;
            case VectorWidth.Bits256:
                Row<Vector256<float>, Vector256Lanes>(task);
                break;
            case VectorWidth.Bits128:
                Row<Vector128<float>, Vector128Lanes>(task);
                break;
            default:
                Row<float, ScalarLanes>(task);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Row<TVector, TLanes>(int task)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        int channel = task % Channels;
        float scale = Scale == null ? 1 : Scale[channel];
        float bias = Bias == null ? 0 : Bias[channel];
        float* values = Values + ((nint)task * Length);
        float* residual = Residual == null ? null : Residual + ((nint)task * Length);
        int i = 0;
        for (; i + TLanes.Count <= Length; i += TLanes.Count) One<TVector, TLanes>(values + i, residual == null ? null : residual + i, scale, bias);
        for (; i < Length; i++) One<float, ScalarLanes>(values + i, residual == null ? null : residual + i, scale, bias);
    }

    private readonly void One<TVector, TLanes>(float* value, float* residual, float scale, float bias)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector result = TLanes.MultiplyAdd(TLanes.Load(value), TLanes.Broadcast(scale), TLanes.Broadcast(bias));
        if (residual != null) result = TLanes.Add(result, TLanes.Load(residual));
        TLanes.Store(Activation.Apply<TVector, TLanes>(result), value);
    }
}
