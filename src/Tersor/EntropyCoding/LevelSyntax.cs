namespace Tersor.EntropyCoding;

/// <summary>The three variants of tensor data syntax found in NNC streams (NNC implementer's text, section 1).</summary>
public enum NncDialect
{
    /// <summary>A: profile 0 as the first-edition software writes it: 32 remainder shift indices, range forced to 256 at the start of every block-scanned tensor.</summary>
    EditionOne,

    /// <summary>B: profile 1: row skipping, temporal and history contexts, codebook-limited binarization.</summary>
    EditionTwo,

    /// <summary>C: profile 0 as second-edition software writes it: 31 shift indices, range forced only where there is more than one block row.</summary>
    EditionOneLate,
}

/// <summary>
/// What coder and decoder agree on before the first bin of a tensor (sections 7 to 9): the matrix view, the binarization and the state machine.
/// </summary>
public readonly record struct LevelSyntax
{
    /// <summary>Which variant of the syntax.</summary>
    public required NncDialect Dialect { get; init; }

    /// <summary>H: the first dimension; rows of the matrix view.</summary>
    public required int RowCount { get; init; }

    /// <summary>W: product of all other dimensions; 1 for a vector.</summary>
    public required int RowLength { get; init; }

    /// <summary>N: number of greater-than flags, 1..256.</summary>
    public required int GreaterFlagCount { get; init; }

    /// <summary>Whether levels follow the 8-state dependent quantizer.</summary>
    public bool DependentQuantization { get; init; }

    /// <summary>0: row-major; 1..4: blocks of 8, 16, 32, 64.</summary>
    public int ScanOrder { get; init; }

    /// <summary>Entries of the codebook, 0 where there is none. Levels are then index minus <see cref="CodebookZero"/>.</summary>
    public int CodebookSize { get; init; }

    /// <summary>z: the index whose symbol is 0.</summary>
    public int CodebookZero { get; init; }

    /// <summary>Edition 2: the unit names a parent node, so the history-enabling bin is present.</summary>
    public bool ParentNodePresent { get; init; }

    /// <summary>n = H * W.</summary>
    public int ElementCount => checked(RowCount * RowLength);

    /// <summary>Whether a codebook bounds the symbols: only edition 2 makes use of its size.</summary>
    internal bool LimitsSymbols => Dialect == NncDialect.EditionTwo && CodebookSize > 0;

    /// <summary>Whether the tensor data starts with side flags: history where a parent is named, and row skipping (section 8.1).</summary>
    internal bool HasSideFlags => Dialect == NncDialect.EditionTwo && RowLength > 1 && RowCount > 1 && CodebookSize != 1;

    /// <summary>Side of the square blocks of the scan; 0 where the scan is row-major, as it always is for a single row or column.</summary>
    internal int BlockSize => ScanOrder == 0 || RowLength == 1 || RowCount == 1 ? 0 : 4 << ScanOrder;

    /// <summary>Whether the range restarts before the first symbol (section 9.4).</summary>
    internal bool RestartsRange => BlockSize > 0 && (Dialect == NncDialect.EditionOne || RowCount > BlockSize);

    /// <summary>
    /// Whether skipping a row leads the dependent quantizer elsewhere than coding its zeros would: in blocks every segment of the row counts as the whole
    /// row (section 9.2). Levels then have to be made knowing which rows will be skipped.
    /// </summary>
    internal bool RowSkippingMovesQuantizer => DependentQuantization && BlockSize > 0 && (RowLength & 3) != 0;

    /// <summary>Checks the fields against each other and the lengths of what goes with them.</summary>
    /// <exception cref="ArgumentException">The caller's syntax is out of range, or a length does not fit it.</exception>
    internal void Validate(int levelCount, int baseCount, int historyCount)
    {
        if (RowCount < 0 || RowLength < 0 || (long)RowCount * RowLength != levelCount) throw new ArgumentException($"There are {levelCount} levels for a matrix of {RowCount} x {RowLength}.");
        if (GreaterFlagCount is < 1 or > 256) throw new ArgumentException($"{GreaterFlagCount} greater-than flags: there are 1 to 256.");
        if (ScanOrder is < 0 or > 4) throw new ArgumentException($"Scan order {ScanOrder}: there are 0 to 4.");
        if (CodebookSize < 0 || (CodebookSize > 0 && (uint)CodebookZero >= (uint)CodebookSize)) throw new ArgumentException($"Zero index {CodebookZero} in a codebook of {CodebookSize} entries.");
        if (baseCount != 0 && baseCount != levelCount) throw new ArgumentException($"{baseCount} base levels for {levelCount} levels.");
        if (historyCount != 0 && historyCount != levelCount) throw new ArgumentException($"{historyCount} history entries for {levelCount} levels.");
        if ((baseCount | historyCount) != 0 && Dialect != NncDialect.EditionTwo) throw new ArgumentException("Temporal contexts and history are edition 2's.");
        if (historyCount != 0 && !ParentNodePresent) throw new ArgumentException("History takes a parent node in the unit's header.");
    }
}
