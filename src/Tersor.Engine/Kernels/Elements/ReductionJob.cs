using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>A reduction, some results per task.</summary>
internal unsafe struct ReductionJob : IKernelJob
{
    // Rows summed in single precision before they are added in double: more would lose digits.
    private const int RowsInVectors = 256;

    public ReductionPlan Plan;
    public ReductionKind Kind;
    public float* Input;
    public float* Output;
    public bool Accumulate;
    public VectorWidth Width;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        switch (Width)
        {
            case VectorWidth.Bits512:
                Results<Vector512<float>, Vector512Lanes>(task);
                break;
            case VectorWidth.Bits256:
                Results<Vector256<float>, Vector256Lanes>(task);
                break;
            case VectorWidth.Bits128:
                Results<Vector128<float>, Vector128Lanes>(task);
                break;
            default:
                Results<float, ScalarLanes>(task);
                break;
        }
    }

    private readonly void Results<TVector, TLanes>(int task)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        (int first, int piece) = Math.DivRem(task, Plan.PiecesPerRow);
        first *= Plan.KeptPerTask;
        int end = Math.Min(first + Plan.KeptPerTask, Plan.OuterKept);
        for (int kept = first; kept < end; kept++)
        {
            float* source = Input + Plan.KeptStart(kept);
            if (Plan.LastIsReduced)
            {
                Finish(Runs<TVector, TLanes>(source), Output + kept);
                continue;
            }

            int start = Plan.PiecesPerRow > 1 ? piece * ReductionPlan.PieceLength : 0;
            int length = Plan.PiecesPerRow > 1 ? Math.Min(ReductionPlan.PieceLength, Plan.Row - start) : Plan.Row;
            float* target = Output + (nint)kept * Plan.Row + start;
            int column = 0;
            for (; column + 4 * TLanes.Count <= length; column += 4 * TLanes.Count)
            {
                FourColumns<TVector, TLanes>(source + start + column, target + column);
            }

            for (; column < length; column++)
            {
                OneColumn(source + start + column, target + column);
            }
        }
    }

    /// <summary>One result of contiguous runs.</summary>
    private readonly double Runs<TVector, TLanes>(float* source)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        double result = Start();
        for (int outer = 0; outer < Plan.OuterReduced; outer++)
        {
            float* run = source + Plan.ReducedStart(outer);
            int index = 0;
            if (Plan.Row >= 4 * TLanes.Count)
            {
                TVector r0 = TLanes.Broadcast((float)Start()), r1 = r0, r2 = r0, r3 = r0;
                for (; index + 4 * TLanes.Count <= Plan.Row; index += 4 * TLanes.Count)
                {
                    r0 = Take<TVector, TLanes>(r0, TLanes.Load(run + index));
                    r1 = Take<TVector, TLanes>(r1, TLanes.Load(run + index + TLanes.Count));
                    r2 = Take<TVector, TLanes>(r2, TLanes.Load(run + index + 2 * TLanes.Count));
                    r3 = Take<TVector, TLanes>(r3, TLanes.Load(run + index + 3 * TLanes.Count));
                }

                float part = Kind switch
                {
                    ReductionKind.Maximum => TLanes.Max(TLanes.AtLeast(TLanes.AtLeast(r0, r1), TLanes.AtLeast(r2, r3))),
                    ReductionKind.Minimum => -TLanes.Max(TLanes.Subtract(TLanes.Zero, TLanes.AtMost(TLanes.AtMost(r0, r1), TLanes.AtMost(r2, r3)))),
                    _ => TLanes.Sum(TLanes.Add(TLanes.Add(r0, r1), TLanes.Add(r2, r3))),
                };
                result = Join(result, part);
            }

            for (; index < Plan.Row; index++)
            {
                result = Take(result, run[index]);
            }
        }

        return result;
    }

    /// <summary>Results side by side, each of values a row apart: some hundred rows in vectors, those in double.</summary>
    [SkipLocalsInit]
    private readonly void FourColumns<TVector, TLanes>(float* source, float* target)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        double* results = stackalloc double[4 * TLanes.Count];
        float* partial = stackalloc float[4 * TLanes.Count];
        new Span<double>(results, 4 * TLanes.Count).Fill(Start());
        for (int first = 0; first < Plan.OuterReduced; first += RowsInVectors)
        {
            TVector r0 = TLanes.Broadcast((float)Start()), r1 = r0, r2 = r0, r3 = r0;
            int end = Math.Min(first + RowsInVectors, Plan.OuterReduced);
            for (int outer = first; outer < end; outer++)
            {
                float* row = source + Plan.ReducedStart(outer);
                r0 = Take<TVector, TLanes>(r0, TLanes.Load(row));
                r1 = Take<TVector, TLanes>(r1, TLanes.Load(row + TLanes.Count));
                r2 = Take<TVector, TLanes>(r2, TLanes.Load(row + 2 * TLanes.Count));
                r3 = Take<TVector, TLanes>(r3, TLanes.Load(row + 3 * TLanes.Count));
            }

            TLanes.Store(r0, partial);
            TLanes.Store(r1, partial + TLanes.Count);
            TLanes.Store(r2, partial + 2 * TLanes.Count);
            TLanes.Store(r3, partial + 3 * TLanes.Count);
            for (int i = 0; i < 4 * TLanes.Count; i++)
            {
                results[i] = Join(results[i], partial[i]);
            }
        }

        for (int i = 0; i < 4 * TLanes.Count; i++)
        {
            Finish(results[i], target + i);
        }
    }

    private readonly void OneColumn(float* source, float* target)
    {
        double result = Start();
        for (int outer = 0; outer < Plan.OuterReduced; outer++)
        {
            result = Take(result, source[Plan.ReducedStart(outer)]);
        }

        Finish(result, target);
    }

    private readonly void Finish(double result, float* target)
    {
        result = Kind == ReductionKind.Mean ? result / ((double)Plan.InputLength / Plan.OutputLength) : result;
        *target = (float)(Accumulate ? *target + result : result);
    }

    private readonly double Start() => Kind switch
    {
        ReductionKind.Maximum => double.NegativeInfinity,
        ReductionKind.Minimum => double.PositiveInfinity,
        _ => 0.0,
    };

    /// <summary>Joins results of parts.</summary>
    private readonly double Join(double result, double part) => Kind switch
    {
        ReductionKind.Maximum => Math.Max(result, part),
        ReductionKind.Minimum => Math.Min(result, part),
        _ => result + part,
    };

    private readonly double Take(double result, float value) => Kind switch
    {
        ReductionKind.Maximum => Math.Max(result, value),
        ReductionKind.Minimum => Math.Min(result, value),
        ReductionKind.SumOfSquares => result + (double)value * value,
        _ => result + value,
    };

    private readonly TVector Take<TVector, TLanes>(TVector result, TVector value)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector> => Kind switch
        {
            ReductionKind.Maximum => TLanes.AtLeast(value, result),
            ReductionKind.Minimum => TLanes.AtMost(value, result),
            ReductionKind.SumOfSquares => TLanes.MultiplyAdd(value, value, result),
            _ => TLanes.Add(result, value),
        };
}
