namespace Tersor.EntropyCoding;

/// <summary>How the decoding of a tensor's levels went.</summary>
internal enum LevelDecodingStatus
{
    /// <summary>All levels are there. Whether the codeword as a whole was right, <see cref="ArithmeticDecoder.TryFinish"/> says.</summary>
    Done,

    /// <summary>The payload ended before the tensor did.</summary>
    PayloadTooShort,

    /// <summary>A level does not fit 32 bits.</summary>
    LevelOutOfRange,

    /// <summary>The stream uses a history map, and there is none.</summary>
    HistoryMissing,
}
