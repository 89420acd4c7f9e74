namespace Tersor.EntropyCoding;

/// <summary>Takes some consecutive levels of a tensor, those before having been taken. They may be changed in place.</summary>
internal delegate void LevelBand(Span<int> levels);
