using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>What an element-wise function reads and writes.</summary>
internal unsafe struct ElementFunctionJob
{
    public float* Input;
    public float* OutputGradient;
    public float* Output;
    public float First;
    public float Second;
    public int Length;
    public bool IsGradient;
    public bool Accumulate;
    public VectorWidth Width;
}

/// <summary>An element-wise function or its gradient, a range of elements per task.</summary>
internal unsafe struct ElementFunctionJob<TFunction> : IKernelJob
    where TFunction : struct, IElementFunction
{
    public ElementFunctionJob Job;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        var range = new ElementRange(task, Job.Length);
        switch (Job.Width)
        {
            case VectorWidth.Bits512:
                Elements<Vector512<float>, Vector512Lanes>(range.Start, range.Length);
                break;
            case VectorWidth.Bits256:
                Elements<Vector256<float>, Vector256Lanes>(range.Start, range.Length);
                break;
            case VectorWidth.Bits128:
                Elements<Vector128<float>, Vector128Lanes>(range.Start, range.Length);
                break;
            default:
                Elements<float, ScalarLanes>(range.Start, range.Length);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Elements<TVector, TLanes>(int start, int length)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        int index = 0;
        for (; index + TLanes.Count <= length; index += TLanes.Count)
        {
            One<TVector, TLanes>(start + index);
        }

        for (; index < length; index++)
        {
            One<float, ScalarLanes>(start + index);
        }
    }

    private readonly void One<TVector, TLanes>(int index)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector x = TLanes.Load(Job.Input + index);
        if (!Job.IsGradient)
        {
            TLanes.Store(TFunction.Apply<TVector, TLanes>(x, Job.First, Job.Second), Job.Output + index);
            return;
        }

        TVector slope = TFunction.Derivative<TVector, TLanes>(x, Job.First, Job.Second);
        TVector gradient = TLanes.Load(Job.OutputGradient + index);
        TLanes.Store(
            Job.Accumulate ? TLanes.MultiplyAdd(slope, gradient, TLanes.Load(Job.Output + index)) : TLanes.Multiply(slope, gradient),
            Job.Output + index);
    }
}
