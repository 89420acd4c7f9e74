namespace Tersor.Representations;

/// <summary>The forms that a weight matrix can be held in and run from.</summary>
public enum RepresentationFormat
{
    /// <summary>Every value as binary32, row by row.</summary>
    Dense,

    /// <summary>Compressed sparse rows: the values other than +0 with 32-bit column indices.</summary>
    Csr32,

    /// <summary>Compressed sparse rows with 16-bit column indices; up to 65,536 columns.</summary>
    Csr16,

    /// <summary>
    /// Compressed entropy rows: column indices grouped by value in the order of the values' frequency, so that no value is stored twice and the most frequent one not at all
    /// (Wiedemann, Müller and Samek, arXiv 1805.10692).
    /// </summary>
    Cer,

    /// <summary>Compressed shared elements rows: as <see cref="Cer"/>, each group with the index of its value, so that values absent from a row cost nothing.</summary>
    Cser,

    /// <summary>Gaps between the entries that differ from the most frequent value, in 1 to 8 bits, and codes (Han, Mao and Dally, arXiv 1510.00149). The smallest where few differ; slow to run.</summary>
    RelativeIndices,

    /// <summary>Compressed sparse rows whose entries are 16-bit words, a column within a tile and a code of up to 8 bits; up to 256 values beside the most frequent one.</summary>
    CodedCsr,

    /// <summary>A code of 2, 4 or 8 bits for every weight, and a table of up to 256 values.</summary>
    Codes,

    /// <summary>One bit for every weight; up to two values.</summary>
    Binary,

    /// <summary>Five weights in a byte; up to three values.</summary>
    Ternary,
}
