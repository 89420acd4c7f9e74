namespace Tersor.Engine.Kernels;

/// <summary>
/// Two shapes broadcast to a third, with neighbouring dimensions that are repeated alike joined into one: the last dimension
/// becomes as long as it can, and all others are rows of it.
/// </summary>
internal unsafe struct BroadcastPlan
{
    private fixed int _sizes[Broadcast.MaxRank];
    private fixed int _stridesA[Broadcast.MaxRank];
    private fixed int _stridesB[Broadcast.MaxRank];
    private readonly int _rank;

    /// <exception cref="ArgumentException">A shape does not broadcast to the output's, or has too many dimensions or elements.</exception>
    public BroadcastPlan(ReadOnlySpan<int> shapeA, ReadOnlySpan<int> shapeB, ReadOnlySpan<int> outputShape)
    {
        if (outputShape.Length > Broadcast.MaxRank || shapeA.Length > outputShape.Length || shapeB.Length > outputShape.Length)
        {
            throw new ArgumentException(
                $"Shapes of {shapeA.Length} and {shapeB.Length} dimensions do not broadcast to one of {outputShape.Length} (at most {Broadcast.MaxRank}).");
        }

        OutputLength = ElementCount.Of(outputShape);
        LengthA = ElementCount.Of(shapeA);
        LengthB = ElementCount.Of(shapeB);
        int strideA = 1;
        int strideB = 1;
        Span<int> reversed = stackalloc int[3 * Broadcast.MaxRank];
        int rank = 0;
        for (int fromEnd = 1; fromEnd <= outputShape.Length; fromEnd++)
        {
            int size = outputShape[^fromEnd];
            int sizeA = fromEnd <= shapeA.Length ? shapeA[^fromEnd] : 1;
            int sizeB = fromEnd <= shapeB.Length ? shapeB[^fromEnd] : 1;
            if ((sizeA != size && sizeA != 1) || (sizeB != size && sizeB != 1))
            {
                throw new ArgumentException($"Dimensions of {sizeA} and {sizeB} do not broadcast to {size} (dimension {outputShape.Length - fromEnd}).");
            }

            int stepA = sizeA == 1 ? 0 : strideA;
            int stepB = sizeB == 1 ? 0 : strideB;
            strideA *= sizeA;
            strideB *= sizeB;
            if (size == 1)
            {
                continue;
            }

            if (rank > 0 && Joins(reversed.Slice(3 * (rank - 1), 3), stepA, stepB))
            {
                reversed[3 * (rank - 1)] *= size;
                continue;
            }

            reversed[3 * rank] = size;
            reversed[3 * rank + 1] = stepA;
            reversed[3 * rank + 2] = stepB;
            rank++;
        }

        if (rank == 0)
        {
            // One element: both operands have it.
            reversed[0] = 1;
            reversed[1] = 1;
            reversed[2] = 1;
            rank = 1;
        }

        _rank = rank;
        for (int i = 0; i < rank; i++)
        {
            _sizes[i] = reversed[3 * (rank - 1 - i)];
            _stridesA[i] = reversed[3 * (rank - 1 - i) + 1];
            _stridesB[i] = reversed[3 * (rank - 1 - i) + 2];
        }

        RowLength = _sizes[rank - 1];
        StepA = _stridesA[rank - 1];
        StepB = _stridesB[rank - 1];
        Rows = OutputLength == 0 ? 0 : OutputLength / RowLength;
        RowsPerTask = Math.Max(ElementRange.ElementsPerTask / Math.Max(RowLength, 1), 1);
        PiecesPerRow = RowsPerTask > 1 ? 1 : ElementRange.Tasks(RowLength);
        Tasks = RowsPerTask > 1 ? (Rows + RowsPerTask - 1) / RowsPerTask : Rows * PiecesPerRow;
    }

    public int OutputLength { get; }

    public int LengthA { get; }

    public int LengthB { get; }

    /// <summary>Elements of the joined last dimension.</summary>
    public int RowLength { get; }

    /// <summary>0 when the left operand has one value for a row, else 1.</summary>
    public int StepA { get; }

    /// <summary>0 when the right operand has one value for a row, else 1.</summary>
    public int StepB { get; }

    public int Rows { get; }

    /// <summary>Rows of a task; with 1, a row may be cut into pieces of <see cref="ElementRange.ElementsPerTask"/>.</summary>
    public int RowsPerTask { get; }

    public int PiecesPerRow { get; }

    public int Tasks { get; }

    /// <summary>Where a row of the output begins in both operands.</summary>
    public readonly (int A, int B) RowStart(int row)
    {
        int a = 0;
        int b = 0;
        for (int i = _rank - 2; i >= 0; i--)
        {
            (row, int index) = Math.DivRem(row, _sizes[i]);
            a += index * _stridesA[i];
            b += index * _stridesB[i];
        }

        return (a, b);
    }

    /// <summary>Whether an outer dimension continues the one inside it in both operands.</summary>
    private static bool Joins(ReadOnlySpan<int> inner, int stepA, int stepB) =>
        (inner[1] == 0 ? stepA == 0 : stepA == inner[1] * inner[0]) && (inner[2] == 0 ? stepB == 0 : stepB == inner[2] * inner[0]);
}
