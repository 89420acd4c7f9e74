using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>A row times a matrix: each row of the matrix is read once, cut over the columns of the result.</summary>
internal unsafe struct RowProductJob : IKernelJob
{
    private const int SmallestTask = 64;

    private readonly ProductOperands _operands;
    private readonly int _columnsPerTask;

    public RowProductJob(in ProductOperands operands, int threads)
    {
        _operands = operands;
        int wanted = threads == 1 ? 1 : threads * 4;
        int groups = (operands.N + SmallestTask - 1) / SmallestTask;
        _columnsPerTask = (groups + wanted - 1) / wanted * SmallestTask;
        Tasks = (operands.N + _columnsPerTask - 1) / _columnsPerTask;
    }

    public int Tasks { get; }

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int column = task * _columnsPerTask;
        int columns = Math.Min(_columnsPerTask, _operands.N - column);
        switch (_operands.Width)
        {
            case VectorWidth.Bits512:
                Columns<Vector512<float>, Vector512Lanes>(column, column + columns);
                break;
            case VectorWidth.Bits256:
                Columns<Vector256<float>, Vector256Lanes>(column, column + columns);
                break;
            case VectorWidth.Bits128:
                Columns<Vector128<float>, Vector128Lanes>(column, column + columns);
                break;
            default:
                Columns<float, ScalarLanes>(column, column + columns);
                break;
        }

        _operands.Finish(0, 1, column, columns);
    }

    private readonly void Columns<TVector, TLanes>(int column, int end)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        for (; column + 8 * TLanes.Count <= end; column += 8 * TLanes.Count)
        {
            EightVectors<TVector, TLanes>(column);
        }

        for (; column + TLanes.Count <= end; column += TLanes.Count)
        {
            OneVector<TVector, TLanes>(column);
        }

        for (; column < end; column++)
        {
            OneVector<float, ScalarLanes>(column);
        }
    }

    private readonly nint StepA => _operands.TransposeA ? _operands.StrideA : 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void EightVectors<TVector, TLanes>(int column)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        TVector s4 = TLanes.Zero, s5 = TLanes.Zero, s6 = TLanes.Zero, s7 = TLanes.Zero;
        float* a = _operands.A;
        float* b = _operands.B + column;
        for (int k = 0; k < _operands.K; k++)
        {
            TVector factor = TLanes.Broadcast(*a);
            s0 = TLanes.MultiplyAdd(factor, TLanes.Load(b), s0);
            s1 = TLanes.MultiplyAdd(factor, TLanes.Load(b + TLanes.Count), s1);
            s2 = TLanes.MultiplyAdd(factor, TLanes.Load(b + 2 * TLanes.Count), s2);
            s3 = TLanes.MultiplyAdd(factor, TLanes.Load(b + 3 * TLanes.Count), s3);
            s4 = TLanes.MultiplyAdd(factor, TLanes.Load(b + 4 * TLanes.Count), s4);
            s5 = TLanes.MultiplyAdd(factor, TLanes.Load(b + 5 * TLanes.Count), s5);
            s6 = TLanes.MultiplyAdd(factor, TLanes.Load(b + 6 * TLanes.Count), s6);
            s7 = TLanes.MultiplyAdd(factor, TLanes.Load(b + 7 * TLanes.Count), s7);
            a += StepA;
            b += _operands.StrideB;
        }

        Write<TVector, TLanes>(column, s0);
        Write<TVector, TLanes>(column + TLanes.Count, s1);
        Write<TVector, TLanes>(column + 2 * TLanes.Count, s2);
        Write<TVector, TLanes>(column + 3 * TLanes.Count, s3);
        Write<TVector, TLanes>(column + 4 * TLanes.Count, s4);
        Write<TVector, TLanes>(column + 5 * TLanes.Count, s5);
        Write<TVector, TLanes>(column + 6 * TLanes.Count, s6);
        Write<TVector, TLanes>(column + 7 * TLanes.Count, s7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void OneVector<TVector, TLanes>(int column)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector sum = TLanes.Zero;
        float* a = _operands.A;
        float* b = _operands.B + column;
        for (int k = 0; k < _operands.K; k++)
        {
            sum = TLanes.MultiplyAdd(TLanes.Broadcast(*a), TLanes.Load(b), sum);
            a += StepA;
            b += _operands.StrideB;
        }

        Write<TVector, TLanes>(column, sum);
    }

    private readonly void Write<TVector, TLanes>(int column, TVector sum)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float* target = _operands.C + column;
        TVector value = TLanes.Multiply(TLanes.Broadcast(_operands.Alpha), sum);
        TLanes.Store(_operands.Beta == 0f ? value : TLanes.MultiplyAdd(TLanes.Broadcast(_operands.Beta), TLanes.Load(target), value), target);
    }
}
