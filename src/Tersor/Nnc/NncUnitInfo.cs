namespace Tersor.Nnc;

/// <summary>A unit of an NNC stream as it lies in the file. The sizes of all units add up to the stream's.</summary>
/// <param name="Number">Ordinal in the stream, from 0.</param>
/// <param name="Type">What it holds; other values than the named ones are reserved.</param>
/// <param name="Offset">Offset of its first byte.</param>
/// <param name="ByteCount">Bytes, the size field included.</param>
public readonly record struct NncUnitInfo(int Number, NncUnitType Type, long Offset, int ByteCount);
