using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>A layer normalization or the gradient of its input, some rows per task.</summary>
internal unsafe struct LayerNormalizationJob : IKernelJob
{
    public int Rows;
    public int Columns;
    public float* Input;
    public float* Scale;
    public float* Bias;
    public float Epsilon;
    public float* Mean;
    public float* InverseDeviation;

    /// <summary>Not null for the gradient.</summary>
    public float* OutputGradient;

    public float* Output;
    public bool AccumulateInput;

    public readonly int RowTasks => (Rows + RowsPerTask - 1) / RowsPerTask;

    private readonly int RowsPerTask => Math.Max(ElementRange.ElementsPerTask / Columns, 1);

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int first = task * RowsPerTask;
        int end = Math.Min(first + RowsPerTask, Rows);
        for (int row = first; row < end; row++)
        {
            switch (VectorWidths.Widest)
            {
                case VectorWidth.Bits512:
                    Row<Vector512<float>, Vector512Lanes>(row);
                    break;
                case VectorWidth.Bits256:
                    Row<Vector256<float>, Vector256Lanes>(row);
                    break;
                case VectorWidth.Bits128:
                    Row<Vector128<float>, Vector128Lanes>(row);
                    break;
                default:
                    Row<float, ScalarLanes>(row);
                    break;
            }
        }
    }

    private readonly void Row<TVector, TLanes>(int row)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        nint start = (nint)row * Columns;
        if (OutputGradient is not null)
        {
            RowGradient<TVector, TLanes>(row, start);
            return;
        }

        float shift = Input[start];
        double sum = 0.0;
        double squares = 0.0;
        ChannelMoments.Add<TVector, TLanes>(Input + start, Columns, shift, ref sum, ref squares);
        double offset = sum / Columns;
        double variance = Math.Max(squares / Columns - offset * offset, 0.0);
        Mean[row] = (float)(shift + offset);
        InverseDeviation[row] = (float)(1.0 / Math.Sqrt(variance + Epsilon));
        int column = 0;
        for (; column + TLanes.Count <= Columns; column += TLanes.Count)
        {
            Normalize<TVector, TLanes>(row, start, column);
        }

        for (; column < Columns; column++)
        {
            Normalize<float, ScalarLanes>(row, start, column);
        }
    }

    private readonly void Normalize<TVector, TLanes>(int row, nint start, int column)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector value = TLanes.Multiply(
            TLanes.Subtract(TLanes.Load(Input + start + column), TLanes.Broadcast(Mean[row])), TLanes.Broadcast(InverseDeviation[row]));
        TVector bias = Bias is null ? TLanes.Zero : TLanes.Load(Bias + column);
        TLanes.Store(TLanes.MultiplyAdd(value, TLanes.Load(Scale + column), bias), Output + start + column);
    }

    private readonly void RowGradient<TVector, TLanes>(int row, nint start)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        float mean = Mean[row];
        TVector means = TLanes.Broadcast(mean);
        TVector sums = TLanes.Zero;
        TVector products = TLanes.Zero;
        double sum = 0.0;
        double product = 0.0;
        int column = 0;
        for (; column + TLanes.Count <= Columns; column += TLanes.Count)
        {
            TVector scaled = TLanes.Multiply(TLanes.Load(OutputGradient + start + column), TLanes.Load(Scale + column));
            sums = TLanes.Add(sums, scaled);
            products = TLanes.MultiplyAdd(scaled, TLanes.Subtract(TLanes.Load(Input + start + column), means), products);
        }

        for (; column < Columns; column++)
        {
            double scaled = (double)OutputGradient[start + column] * Scale[column];
            sum += scaled;
            product += scaled * (Input[start + column] - mean);
        }

        sum += TLanes.Sum(sums);
        product += TLanes.Sum(products);

        // inverse (scale g - sum / columns - (x - mean) inverse^2 product / columns).
        double inverse = InverseDeviation[row];
        float b = (float)(-inverse * inverse * inverse * product / Columns);
        float c = (float)(-inverse * sum / Columns);
        for (column = 0; column + TLanes.Count <= Columns; column += TLanes.Count)
        {
            WriteGradient<TVector, TLanes>(start, column, (float)inverse, mean, b, c);
        }

        for (; column < Columns; column++)
        {
            WriteGradient<float, ScalarLanes>(start, column, (float)inverse, mean, b, c);
        }
    }

    private readonly void WriteGradient<TVector, TLanes>(nint start, int column, float inverse, float mean, float b, float c)
        where TVector : unmanaged
        where TLanes : struct, ILanes<TVector>
    {
        TVector scaled = TLanes.Multiply(TLanes.Load(OutputGradient + start + column), TLanes.Load(Scale + column));
        TVector centred = TLanes.Subtract(TLanes.Load(Input + start + column), TLanes.Broadcast(mean));
        TVector value = TLanes.MultiplyAdd(scaled, TLanes.Broadcast(inverse), TLanes.MultiplyAdd(centred, TLanes.Broadcast(b), TLanes.Broadcast(c)));
        TLanes.Store(AccumulateInput ? TLanes.Add(TLanes.Load(Output + start + column), value) : value, Output + start + column);
    }
}

/// <summary>The gradients of scale and bias of a layer normalization: sums down the columns, some columns per task.</summary>
internal unsafe struct LayerParameterGradientJob : IKernelJob
{
    private const int ColumnsPerTask = 64;

    public int Rows;
    public int Columns;
    public float* Input;
    public float* Mean;
    public float* InverseDeviation;
    public float* OutputGradient;
    public float* ScaleGradient;
    public float* BiasGradient;
    public bool Accumulate;

    public readonly int Tasks => (Columns + ColumnsPerTask - 1) / ColumnsPerTask;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        int first = task * ColumnsPerTask;
        int count = Math.Min(ColumnsPerTask, Columns - first);
        double* sums = stackalloc double[2 * ColumnsPerTask];
        double* scales = sums + ColumnsPerTask;
        new Span<double>(sums, 2 * ColumnsPerTask).Clear();
        for (int row = 0; row < Rows; row++)
        {
            float* g = OutputGradient + (nint)row * Columns + first;
            float* x = Input + (nint)row * Columns + first;
            for (int i = 0; i < count; i++)
            {
                sums[i] += g[i];
                scales[i] += (double)g[i] * ((x[i] - Mean[row]) * InverseDeviation[row]);
            }
        }

        for (int i = 0; i < count; i++)
        {
            BiasGradient[first + i] = (float)(Accumulate ? BiasGradient[first + i] + sums[i] : sums[i]);
            ScaleGradient[first + i] = (float)(Accumulate ? ScaleGradient[first + i] + scales[i] : scales[i]);
        }
    }
}
