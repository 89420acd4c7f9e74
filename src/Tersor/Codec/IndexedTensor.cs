using System.Numerics;
using System.Runtime.InteropServices;
using Tersor.Models;
using Tersor.Nnc;
using Tersor.Quantization;

namespace Tersor.Codec;

/// <summary>A tensor of few values as a stream has it: levels that are places in a table, of which the first two dimensions may be exchanged.</summary>
/// <param name="reader">The stream.</param>
/// <param name="name">What the model calls the tensor.</param>
/// <param name="index">The levels.</param>
/// <param name="isSwapped">Whether dimensions are exchanged.</param>
/// <param name="tables">The tables of all tensors.</param>
/// <param name="ordinal">Which of them is this one's.</param>
internal sealed class IndexedTensor(NncReader reader, string name, NncTensorInfo index, bool isSwapped, SharedTables tables, int ordinal)
{
    // Values that are put in their order at once: few enough for the cache, rows enough for whole lines of it.
    private const int BlockValues = 1 << 16;

    /// <summary>Decodes into memory.</summary>
    /// <exception cref="ModelFormatException">A unit is damaged.</exception>
    public void Decode(Span<float> values, CancellationToken cancellationToken)
    {
        int[] levels = new int[reader.CountElements(index, cancellationToken)];
        reader.DecodeIntegers(index, levels, cancellationToken);
        if (isSwapped)
        {
            int[] restored = new int[levels.Length];
            LeadingAxes.Swap<int>(levels, (int)index.Shape[0], (int)index.Shape[1], restored);
            levels = restored;
        }

        int at = tables[ordinal].Expand(levels, values);
        if (at >= 0) throw NotInTable(at, levels[at]);
    }

    /// <summary>Writes the values, little-endian. Held is a part of them at a time, and of exchanged dimensions a byte or two for each.</summary>
    /// <exception cref="ModelFormatException">A unit is damaged.</exception>
    public void CopyTo(Stream destination, CancellationToken cancellationToken)
    {
        SharedValueTable table = tables[ordinal];
        if (!isSwapped)
        {
            int start = 0;
            reader.DecodeIntegers(
                index,
                levels =>
                {
                    int at = table.Expand(levels, MemoryMarshal.Cast<int, float>(levels));
                    if (at >= 0) throw NotInTable(start + at, levels[at]);
                    start += levels.Length;
                    destination.Write(NncReader.LittleEndian(levels));
                },
                cancellationToken);
        }
        else if (table.Count <= byte.MaxValue + 1)
        {
            CopySwapped<byte>(table, destination, cancellationToken);
        }
        else
        {
            CopySwapped<ushort>(table, destination, cancellationToken);
        }
    }

    private void CopySwapped<TCode>(SharedValueTable table, Stream destination, CancellationToken cancellationToken)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        TCode[] codes = new TCode[reader.CountElements(index, cancellationToken)];
        int start = 0;
        reader.DecodeIntegers(
            index,
            levels =>
            {
                foreach (int level in levels)
                {
                    int code = unchecked(level - table.LowestLevel);
                    if ((uint)code >= (uint)table.Count) throw NotInTable(start, level);
                    codes[start++] = TCode.CreateTruncating(code);
                }
            },
            cancellationToken);
        if (codes.Length == 0) return;
        float[] values = [.. Enumerable.Range(table.LowestLevel, table.Count).Select(level => table[level])];
        (int inner, int outer) = ((int)index.Shape[0], (int)index.Shape[1]);
        int rest = codes.Length / inner / outer;
        int rowLength = inner * rest;
        float[] block = new float[Math.Clamp(BlockValues / rowLength, 1, outer) * rowLength];
        for (int row = 0; row < outer; row += block.Length / rowLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int rows = Math.Min(block.Length / rowLength, outer - row);
            for (int i = 0; i < inner; i++)
            {
                ReadOnlySpan<TCode> run = codes.AsSpan(((i * outer) + row) * rest, rows * rest);
                for (int j = 0; j < rows; j++)
                {
                    Span<float> target = block.AsSpan((j * rowLength) + (i * rest), rest);
                    for (int k = 0; k < target.Length; k++) target[k] = values[int.CreateTruncating(run[(j * rest) + k])];
                }
            }

            destination.Write(NncReader.LittleEndian(MemoryMarshal.Cast<float, int>(block.AsSpan(0, rows * rowLength))));
        }
    }

    private ModelFormatException NotInTable(int at, int level) => new(
        reader.Source, $"tensor '{name}'", index.UnitOffset, $"element {at} has index {level}, which is not in the table; the file is damaged, fetch it again");
}
