using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>What is computed from two operands.</summary>
internal enum BroadcastPart
{
    /// <summary>The function.</summary>
    Function,

    /// <summary>The output's gradient times the derivative by the left operand.</summary>
    LeftGradient,

    /// <summary>The output's gradient times the derivative by the right operand.</summary>
    RightGradient,

    /// <summary>The left operand times a constant.</summary>
    ScaledLeft,
}

/// <summary>What a broadcast function reads and writes.</summary>
internal unsafe struct BroadcastJob
{
    public BroadcastPlan Plan;
    public float* A;
    public float* B;
    public float* Output;
    public float* OutputGradient;
    public float Scale;
    public BroadcastPart Part;
    public bool Accumulate;
    public VectorWidth Width;
}

/// <summary>A broadcast function or gradient, rows of the output or pieces of them per task.</summary>
internal unsafe struct BroadcastJob<TFunction> : IKernelJob
    where TFunction : struct, IBinaryFunction
{
    public BroadcastJob Job;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        switch (Job.Width)
        {
            case VectorWidth.Bits512:
                Rows<Vector512<float>, Vector512Lanes>(task);
                break;
            case VectorWidth.Bits256:
                Rows<Vector256<float>, Vector256Lanes>(task);
                break;
            case VectorWidth.Bits128:
                Rows<Vector128<float>, Vector128Lanes>(task);
                break;
            default:
                Rows<float, ScalarLanes>(task);
                break;
        }
    }

    private readonly void Rows<TVector, TLanes>(int task)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        (int firstRow, int piece) = Math.DivRem(task, Job.Plan.PiecesPerRow);
        firstRow *= Job.Plan.RowsPerTask;
        int endRow = Math.Min(firstRow + Job.Plan.RowsPerTask, Job.Plan.Rows);
        int length = Job.Plan.RowLength;
        int start = 0;
        if (Job.Plan.PiecesPerRow > 1)
        {
            var range = new ElementRange(piece, length);
            start = range.Start;
            length = range.Length;
        }

        for (int row = firstRow; row < endRow; row++)
        {
            (int a, int b) = Job.Plan.RowStart(row);
            Row<TVector, TLanes>(Job.A + a + start * Job.Plan.StepA, Job.B + b + start * Job.Plan.StepB, row * Job.Plan.RowLength + start, length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Row<TVector, TLanes>(float* a, float* b, int output, int length)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        bool manyA = Job.Plan.StepA != 0;
        bool manyB = Job.Plan.StepB != 0;
        int index = 0;
        if (length >= TLanes.Count)
        {
            TVector left = TLanes.Broadcast(*a);
            TVector right = TLanes.Broadcast(*b);
            for (; index + TLanes.Count <= length; index += TLanes.Count)
            {
                left = manyA ? TLanes.Load(a + index) : left;
                right = manyB ? TLanes.Load(b + index) : right;
                One<TVector, TLanes>(left, right, output + index);
            }
        }

        for (; index < length; index++)
        {
            One<float, ScalarLanes>(manyA ? a[index] : *a, manyB ? b[index] : *b, output + index);
        }
    }

    private readonly void One<TVector, TLanes>(TVector a, TVector b, int output)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector value = Job.Part switch
        {
            BroadcastPart.Function => TFunction.Apply<TVector, TLanes>(a, b),
            BroadcastPart.LeftGradient => TLanes.Multiply(TFunction.LeftDerivative<TVector, TLanes>(a, b), TLanes.Load(Job.OutputGradient + output)),
            BroadcastPart.RightGradient => TLanes.Multiply(TFunction.RightDerivative<TVector, TLanes>(a, b), TLanes.Load(Job.OutputGradient + output)),
            _ => TLanes.Multiply(a, TLanes.Broadcast(Job.Scale)),
        };
        if (Job.Accumulate)
        {
            value = TLanes.Add(value, TLanes.Load(Job.Output + output));
        }

        TLanes.Store(value, Job.Output + output);
    }
}
