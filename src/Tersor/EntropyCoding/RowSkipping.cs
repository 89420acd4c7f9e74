namespace Tersor.EntropyCoding;

/// <summary>Whether rows of zeros are flagged instead of coded. Only edition 2 can, and only where there is more than one row of more than one element.</summary>
internal enum RowSkipping
{
    /// <summary>
    /// Wherever the flags cost less than the zeros. Not where skipping moves the dependent quantizer (<see cref="LevelSyntax.RowSkippingMovesQuantizer"/>):
    /// levels are taken to have been made without it.
    /// </summary>
    WherePaying,

    /// <summary>Never.</summary>
    Off,

    /// <summary>Wherever the syntax has the flag, whatever it costs. Every row of zeros is skipped, and levels have to have been made for that.</summary>
    On,
}
