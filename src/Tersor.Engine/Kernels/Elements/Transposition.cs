using System.Runtime.CompilerServices;

namespace Tersor.Engine.Kernels;

/// <summary>Copies a tensor with its dimensions in another order.</summary>
public static unsafe class Transposition
{
    /// <summary><c>output[i_p0, i_p1, ...] = input[i_0, i_1, ...]</c>: dimension d of the output is dimension <c>permutation[d]</c> of the input.</summary>
    /// <param name="shape">Dimensions of the input.</param>
    /// <param name="permutation">Each dimension of the input once.</param>
    /// <param name="input">Values.</param>
    /// <param name="output">As many; must not overlap the input.</param>
    /// <param name="threads">Where it runs.</param>
    /// <exception cref="ArgumentException">The permutation is not one, or a span does not have the shape's length.</exception>
    public static void Permute<T>(ReadOnlySpan<int> shape, ReadOnlySpan<int> permutation, ReadOnlySpan<T> input, Span<T> output, KernelThreads threads)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(threads);
        var plan = new PermutationPlan(shape, permutation);
        if (input.Length != plan.Length || output.Length != plan.Length)
        {
            throw new ArgumentException($"The shape has {plan.Length} elements; {input.Length} and {output.Length} were given.");
        }

        if (plan.Length == 0)
        {
            return;
        }

        fixed (T* pointerInput = input, pointerOutput = output)
        {
            var job = new PermutationJob<T> { Plan = plan, Input = pointerInput, Output = pointerOutput };
            threads.Run(plan.Tasks, ref job);
        }
    }
}

/// <summary>
/// A permutation with dimensions joined that stay together: planes of the output, whose columns are its last dimension and
/// whose rows are the dimension along which the input is contiguous.
/// </summary>
internal unsafe struct PermutationPlan
{
    private fixed int _sizes[Broadcast.MaxRank];
    private fixed int _inputStrides[Broadcast.MaxRank];
    private fixed int _outputStrides[Broadcast.MaxRank];
    private readonly int _outer;

    /// <exception cref="ArgumentException">The permutation is not one, or there are too many dimensions or elements.</exception>
    public PermutationPlan(ReadOnlySpan<int> shape, ReadOnlySpan<int> permutation)
    {
        int rank = shape.Length;
        if (rank > Broadcast.MaxRank || permutation.Length != rank)
        {
            throw new ArgumentException($"A permutation of {permutation.Length} dimensions does not fit a shape of {rank} (at most {Broadcast.MaxRank}).");
        }

        Length = ElementCount.Of(shape);
        uint seen = 0;
        Span<int> strides = stackalloc int[Broadcast.MaxRank];
        int stride = 1;
        for (int i = rank - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(shape[i], 1);
            if ((uint)permutation[i] >= (uint)rank || (seen & (1u << permutation[i])) != 0)
            {
                throw new ArgumentException("A permutation names each dimension once.", nameof(permutation));
            }

            seen |= 1u << permutation[i];
        }

        if (Length == 0)
        {
            return;
        }

        // Dimensions of the output from the last, each joined with the one inside it when the input has them so.
        Span<int> sizes = stackalloc int[Broadcast.MaxRank];
        Span<int> steps = stackalloc int[Broadcast.MaxRank];
        int joined = 0;
        for (int i = rank - 1; i >= 0; i--)
        {
            int dimension = permutation[i];
            if (shape[dimension] == 1)
            {
                continue;
            }

            if (joined > 0 && strides[dimension] == steps[joined - 1] * sizes[joined - 1])
            {
                sizes[joined - 1] *= shape[dimension];
                continue;
            }

            sizes[joined] = shape[dimension];
            steps[joined++] = strides[dimension];
        }

        Columns = joined > 0 ? sizes[0] : 1;
        ColumnStep = joined > 0 ? steps[0] : 1;
        Rows = 1;
        RowStep = 0;
        int outputStride = Columns;
        int planes = 1;
        for (int i = 1; i < joined; i++)
        {
            if (steps[i] == 1)
            {
                Rows = sizes[i];
                RowStep = outputStride;
            }
            else
            {
                _sizes[_outer] = sizes[i];
                _inputStrides[_outer] = steps[i];
                _outputStrides[_outer++] = outputStride;
                planes *= sizes[i];
            }

            outputStride *= sizes[i];
        }

        int perPlane = Math.Max(Rows * Columns, 1);
        PlanesPerTask = Math.Max(ElementRange.ElementsPerTask / perPlane, 1);
        Planes = planes;
        RowTasks = PlanesPerTask > 1 ? 1 : Math.Clamp(perPlane / ElementRange.ElementsPerTask, 1, (Rows + BlockRows - 1) / BlockRows);
        RowsPerTask = ((Rows + RowTasks - 1) / RowTasks + BlockRows - 1) / BlockRows * BlockRows;
        RowTasks = (Rows + RowsPerTask - 1) / RowsPerTask;
        Tasks = (planes + PlanesPerTask - 1) / PlanesPerTask * RowTasks;
    }

    /// <summary>Rows of a block that is read and written together: what a cache line holds.</summary>
    public const int BlockRows = 16;

    public int Length { get; }

    /// <summary>The output's last dimension.</summary>
    public int Columns { get; }

    /// <summary>Elements of the input from one column to the next; 1 when rows can be copied whole.</summary>
    public int ColumnStep { get; }

    /// <summary>The dimension along which the input is contiguous; 1 when that is the last.</summary>
    public int Rows { get; }

    /// <summary>Elements of the output from one row to the next.</summary>
    public int RowStep { get; }

    public int Planes { get; }

    public int PlanesPerTask { get; }

    public int RowsPerTask { get; }

    public int RowTasks { get; }

    public int Tasks { get; }

    /// <summary>Where a plane begins.</summary>
    public readonly (int Input, int Output) PlaneStart(int plane)
    {
        int input = 0;
        int output = 0;
        for (int i = 0; i < _outer; i++)
        {
            (plane, int index) = Math.DivRem(plane, _sizes[i]);
            input += index * _inputStrides[i];
            output += index * _outputStrides[i];
        }

        return (input, output);
    }
}

/// <summary>A permutation, some planes or rows of one per task.</summary>
internal unsafe struct PermutationJob<T> : IKernelJob
    where T : unmanaged
{
    private const int ColumnsAtOnce = 64;

    public PermutationPlan Plan;
    public T* Input;
    public T* Output;

    public readonly void Execute(int task, KernelScratch scratch)
    {
        (int planeTask, int rowTask) = Math.DivRem(task, Plan.RowTasks);
        int firstRow = rowTask * Plan.RowsPerTask;
        int endRow = Math.Min(firstRow + Plan.RowsPerTask, Plan.Rows);
        int firstPlane = planeTask * Plan.PlanesPerTask;
        int endPlane = Math.Min(firstPlane + Plan.PlanesPerTask, Plan.Planes);
        for (int plane = firstPlane; plane < endPlane; plane++)
        {
            (int input, int output) = Plan.PlaneStart(plane);
            if (Plan.ColumnStep == 1)
            {
                new ReadOnlySpan<T>(Input + input, Plan.Columns).CopyTo(new Span<T>(Output + output, Plan.Columns));
                continue;
            }

            for (int row = firstRow; row < endRow; row += PermutationPlan.BlockRows)
            {
                Block(Input + input + row, Output + output + (nint)row * Plan.RowStep, Math.Min(PermutationPlan.BlockRows, endRow - row));
            }
        }
    }

    /// <summary>Some rows, all columns, a cache's worth at a time: what is read lies close, and each row is written in runs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Block(T* input, T* output, int rows)
    {
        nint columnStep = Plan.ColumnStep;
        for (int first = 0; first < Plan.Columns; first += ColumnsAtOnce)
        {
            int columns = Math.Min(ColumnsAtOnce, Plan.Columns - first);
            for (int row = 0; row < rows; row++)
            {
                T* from = input + first * columnStep + row;
                T* to = output + (nint)row * Plan.RowStep + first;
                for (int column = 0; column < columns; column++)
                {
                    to[column] = *from;
                    from += columnStep;
                }
            }
        }
    }
}
