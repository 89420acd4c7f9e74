namespace Tersor.Engine.Kernels;

/// <summary>
/// The dimensions of a reduction, neighbours of the same fate joined. The last is either reduced (a result is made of runs of
/// the input) or kept (a row of results is made of rows of the input).
/// </summary>
internal unsafe struct ReductionPlan
{
    private fixed int _keptSizes[Broadcast.MaxRank];
    private fixed int _keptStrides[Broadcast.MaxRank];
    private fixed int _reducedSizes[Broadcast.MaxRank];
    private fixed int _reducedStrides[Broadcast.MaxRank];
    private readonly int _kept;
    private readonly int _reduced;

    /// <exception cref="ArgumentException">The shape has too many dimensions or elements, or not one flag per dimension.</exception>
    public ReductionPlan(ReadOnlySpan<int> shape, ReadOnlySpan<bool> reduced)
    {
        if (shape.Length > Broadcast.MaxRank || reduced.Length != shape.Length)
        {
            throw new ArgumentException($"{reduced.Length} flags do not fit a shape of {shape.Length} dimensions (at most {Broadcast.MaxRank}).");
        }

        InputLength = ElementCount.Of(shape);
        int outputLength = 1;
        int stride = 1;
        Row = 1;
        LastIsReduced = false;
        bool started = false;
        bool previous = false;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            int size = shape[i];
            outputLength = reduced[i] ? outputLength : outputLength * size;
            if (size == 1)
            {
                continue;
            }

            if (!started)
            {
                LastIsReduced = reduced[i];
                Row = size;
            }
            else if (previous == LastIsReduced && reduced[i] == previous && _kept + _reduced == 0)
            {
                Row *= size;
            }
            else if (reduced[i])
            {
                if (previous && _reduced > 0)
                {
                    _reducedSizes[_reduced - 1] *= size;
                }
                else
                {
                    _reducedSizes[_reduced] = size;
                    _reducedStrides[_reduced++] = stride;
                }
            }
            else if (!previous && _kept > 0)
            {
                _keptSizes[_kept - 1] *= size;
            }
            else
            {
                _keptSizes[_kept] = size;
                _keptStrides[_kept++] = stride;
            }

            started = true;
            previous = reduced[i];
            stride *= size;
        }

        OutputLength = outputLength;
        OuterReduced = 1;
        for (int i = 0; i < _reduced; i++)
        {
            OuterReduced *= _reducedSizes[i];
        }

        OuterKept = OutputLength == 0 ? 0 : LastIsReduced ? OutputLength : OutputLength / Row;
        int perKept = Row * OuterReduced;
        KeptPerTask = Math.Max(ElementRange.ElementsPerTask / Math.Max(perKept, 1), 1);
        PiecesPerRow = LastIsReduced || KeptPerTask > 1 ? 1 : (Row + PieceLength - 1) / PieceLength;
        Tasks = (OuterKept + KeptPerTask - 1) / KeptPerTask * PiecesPerRow;
    }

    /// <summary>Results of a row that one task makes, when a row is cut.</summary>
    public const int PieceLength = 256;

    public int InputLength { get; }

    public int OutputLength { get; }

    /// <summary>Elements of the joined last dimension.</summary>
    public int Row { get; }

    public bool LastIsReduced { get; }

    /// <summary>Combinations of the kept dimensions before the last.</summary>
    public int OuterKept { get; }

    /// <summary>Combinations of the reduced dimensions before the last.</summary>
    public int OuterReduced { get; }

    public int KeptPerTask { get; }

    public int PiecesPerRow { get; }

    public int Tasks { get; }

    /// <summary>Where the values of a combination of the kept dimensions begin.</summary>
    public readonly int KeptStart(int index)
    {
        int start = 0;
        for (int i = 0; i < _kept; i++)
        {
            (index, int position) = Math.DivRem(index, _keptSizes[i]);
            start += position * _keptStrides[i];
        }

        return start;
    }

    /// <summary>Where the values of a combination of the reduced dimensions begin, from that of the kept.</summary>
    public readonly int ReducedStart(int index)
    {
        int start = 0;
        for (int i = 0; i < _reduced; i++)
        {
            (index, int position) = Math.DivRem(index, _reducedSizes[i]);
            start += position * _reducedStrides[i];
        }

        return start;
    }
}
