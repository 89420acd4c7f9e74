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
}
