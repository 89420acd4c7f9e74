using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>Softmax, its logarithm, or a gradient, some rows (or, with inner dimensions, one outer index) per task.</summary>
internal unsafe struct SoftmaxJob : IKernelJob
{
    public int Outer;
    public int Size;
    public int Inner;
    public float* Input;

    /// <summary>Not null for the gradient; <see cref="Input"/> is then what the forward pass made.</summary>
    public float* OutputGradient;

    public float* Output;
    public bool Logarithm;
    public bool Accumulate;
    public VectorWidth Width;

    public readonly int Tasks => (Outer + OuterPerTask - 1) / OuterPerTask;

    private readonly int OuterPerTask => (int)Math.Max(ElementRange.ElementsPerTask / 4 / Math.Max((long)Size * Inner, 1), 1);

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int first = task * OuterPerTask;
        int end = Math.Min(first + OuterPerTask, Outer);
        for (int outer = first; outer < end; outer++)
        {
            nint start = (nint)outer * Size * Inner;
            switch (Width)
            {
                case VectorWidth.Bits512:
                    Slice<Vector512<float>, Vector512Lanes>(start);
                    break;
                case VectorWidth.Bits256:
                    Slice<Vector256<float>, Vector256Lanes>(start);
                    break;
                case VectorWidth.Bits128:
                    Slice<Vector128<float>, Vector128Lanes>(start);
                    break;
                default:
                    Slice<float, ScalarLanes>(start);
                    break;
            }
        }
    }

    /// <summary>One outer index: contiguous along the dimension, or vectors of inner positions side by side.</summary>
    private readonly void Slice<TVector, TLanes>(nint start)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        if (Inner == 1)
        {
            if (OutputGradient is null)
            {
                Row<TVector, TLanes>(start);
            }
            else
            {
                RowGradient<TVector, TLanes>(start);
            }

            return;
        }

        int inner = 0;
        for (; inner + TLanes.Count <= Inner; inner += TLanes.Count)
        {
            Column<TVector, TLanes>(start + inner);
        }

        for (; inner < Inner; inner++)
        {
            Column<float, ScalarLanes>(start + inner);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Row<TVector, TLanes>(nint start)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float* x = Input + start;
        float* y = Output + start;
        float largest = float.NegativeInfinity;
        int i = 0;
        if (Size >= TLanes.Count)
        {
            TVector most = TLanes.Load(x);
            for (i = TLanes.Count; i + TLanes.Count <= Size; i += TLanes.Count)
            {
                most = TLanes.AtLeast(TLanes.Load(x + i), most);
            }

            largest = TLanes.Max(most);
        }

        for (; i < Size; i++)
        {
            largest = MathF.Max(largest, x[i]);
        }

        TVector shift = TLanes.Broadcast(largest);
        TVector sums = TLanes.Zero;
        float sum = 0f;
        for (i = 0; i + TLanes.Count <= Size; i += TLanes.Count)
        {
            TVector moved = TLanes.Subtract(TLanes.Load(x + i), shift);
            TVector e = Transcendental.Exp<TVector, TLanes>(moved);
            sums = TLanes.Add(sums, e);
            TLanes.Store(Logarithm ? moved : e, y + i);
        }

        for (; i < Size; i++)
        {
            float moved = x[i] - largest;
            float e = Transcendental.Exp<float, ScalarLanes>(moved);
            sum += e;
            y[i] = Logarithm ? moved : e;
        }

        sum += TLanes.Sum(sums);
        float last = Logarithm ? MathF.Log(sum) : 1f / sum;
        TVector lasts = TLanes.Broadcast(last);
        for (i = 0; i + TLanes.Count <= Size; i += TLanes.Count)
        {
            TVector value = TLanes.Load(y + i);
            TLanes.Store(Logarithm ? TLanes.Subtract(value, lasts) : TLanes.Multiply(value, lasts), y + i);
        }

        for (; i < Size; i++)
        {
            y[i] = Logarithm ? y[i] - last : y[i] * last;
        }
    }

    private readonly void RowGradient<TVector, TLanes>(nint start)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float* y = Input + start;
        float* gradient = OutputGradient + start;
        TVector sums = TLanes.Zero;
        float sum = 0f;
        int i = 0;
        for (; i + TLanes.Count <= Size; i += TLanes.Count)
        {
            TVector g = TLanes.Load(gradient + i);
            sums = Logarithm ? TLanes.Add(sums, g) : TLanes.MultiplyAdd(g, TLanes.Load(y + i), sums);
        }

        for (; i < Size; i++)
        {
            sum += Logarithm ? gradient[i] : gradient[i] * y[i];
        }

        sum += TLanes.Sum(sums);
        for (i = 0; i + TLanes.Count <= Size; i += TLanes.Count)
        {
            WriteGradient<TVector, TLanes>(start + i, TLanes.Broadcast(sum));
        }

        for (; i < Size; i++)
        {
            WriteGradient<float, ScalarLanes>(start + i, sum);
        }
    }

    /// <summary>Some inner positions, all of the dimension.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Column<TVector, TLanes>(nint start)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        nint end = start + (nint)Size * Inner;
        TVector sum = TLanes.Zero;
        if (OutputGradient is not null)
        {
            for (nint i = start; i < end; i += Inner)
            {
                TVector g = TLanes.Load(OutputGradient + i);
                sum = Logarithm ? TLanes.Add(sum, g) : TLanes.MultiplyAdd(g, TLanes.Load(Input + i), sum);
            }

            for (nint i = start; i < end; i += Inner)
            {
                WriteGradient<TVector, TLanes>(i, sum);
            }

            return;
        }

        TVector largest = TLanes.Broadcast(float.NegativeInfinity);
        for (nint i = start; i < end; i += Inner)
        {
            largest = TLanes.AtLeast(TLanes.Load(Input + i), largest);
        }

        for (nint i = start; i < end; i += Inner)
        {
            TVector moved = TLanes.Subtract(TLanes.Load(Input + i), largest);
            TVector e = Transcendental.Exp<TVector, TLanes>(moved);
            sum = TLanes.Add(sum, e);
            TLanes.Store(Logarithm ? moved : e, Output + i);
        }

        TVector last = Logarithm ? TLanes.Log(sum) : TLanes.Divide(TLanes.Broadcast(1f), sum);
        for (nint i = start; i < end; i += Inner)
        {
            TVector value = TLanes.Load(Output + i);
            TLanes.Store(Logarithm ? TLanes.Subtract(value, last) : TLanes.Multiply(value, last), Output + i);
        }
    }

    /// <summary><c>y (g - sum g y)</c>, or for the logarithm <c>g - e^y sum g</c>.</summary>
    private readonly void WriteGradient<TVector, TLanes>(nint index, TVector sum)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector y = TLanes.Load(Input + index);
        TVector g = TLanes.Load(OutputGradient + index);
        TVector value = Logarithm
            ? TLanes.Subtract(g, TLanes.Multiply(Transcendental.Exp<TVector, TLanes>(y), sum))
            : TLanes.Multiply(y, TLanes.Subtract(g, sum));
        TLanes.Store(Accumulate ? TLanes.Add(TLanes.Load(Output + index), value) : value, Output + index);
    }
}
