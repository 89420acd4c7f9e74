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
        if (!isSwapped)
        {
            Span<int> levels = MemoryMarshal.Cast<float, int>(values);
            reader.DecodeIntegers(index, levels, cancellationToken);
            Expand(levels, 0);
            return;
        }

        ushort[] codes = DecodeCodes(cancellationToken);
        if (codes.Length == 0) return;
        int rowLength = codes.Length / Rows;
        for (int row = 0; row < Rows; row += RowsAtOnce(rowLength))
        {
            int count = Math.Min(RowsAtOnce(rowLength), Rows - row);
            CopyRows(codes, row, count, values.Slice(row * rowLength, count * rowLength));
        }
    }

    /// <summary>Writes the values, little-endian. Held is a part of them at a time, and of exchanged dimensions two bytes for each.</summary>
    /// <exception cref="ModelFormatException">A unit is damaged.</exception>
    public void CopyTo(Stream destination, CancellationToken cancellationToken)
    {
        if (!isSwapped)
        {
            int start = 0;
            reader.DecodeIntegers(
                index,
                levels =>
                {
                    Expand(levels, start);
                    start += levels.Length;
                    destination.Write(NncReader.LittleEndian(levels));
                },
                cancellationToken);
            return;
        }

        ushort[] codes = DecodeCodes(cancellationToken);
        if (codes.Length == 0) return;
        int rowLength = codes.Length / Rows;
        float[] block = new float[Math.Min(RowsAtOnce(rowLength), Rows) * rowLength];
        for (int row = 0; row < Rows; row += RowsAtOnce(rowLength))
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(RowsAtOnce(rowLength), Rows - row);
            Span<float> values = block.AsSpan(0, count * rowLength);
            CopyRows(codes, row, count, values);
            destination.Write(NncReader.LittleEndian(values));
        }
    }

    // Of the tensor, where dimensions are exchanged.
    private int Rows => (int)index.Shape[1];

    private static int RowsAtOnce(int rowLength) => Math.Max(1, BlockValues / rowLength);

    // Levels become values in place.
    private void Expand(Span<int> levels, int start)
    {
        int at = tables[ordinal].Expand(levels, MemoryMarshal.Cast<int, float>(levels));
        if (at >= 0) throw NotInTable(start + at, levels[at]);
    }

    private ushort[] DecodeCodes(CancellationToken cancellationToken)
    {
        SharedValueTable table = tables[ordinal];
        ushort[] codes = new ushort[reader.CountElements(index, cancellationToken)];
        int start = 0;
        reader.DecodeIntegers(
            index,
            levels =>
            {
                foreach (int level in levels)
                {
                    int code = unchecked(level - table.LowestLevel);
                    if ((uint)code >= (uint)table.Count) throw NotInTable(start, level);
                    codes[start++] = (ushort)code;
                }
            },
            cancellationToken);
        return codes;
    }

    private void CopyRows(ushort[] codes, int first, int count, Span<float> target)
    {
        float[] table = tables[ordinal].Values;
        int columns = (int)index.Shape[0];
        int rest = codes.Length / columns / Rows;
        for (int column = 0; column < columns; column++)
        {
            ReadOnlySpan<ushort> run = codes.AsSpan(((column * Rows) + first) * rest, count * rest);
            for (int row = 0; row < count; row++)
            {
                Span<float> values = target.Slice(((row * columns) + column) * rest, rest);
                for (int i = 0; i < values.Length; i++) values[i] = table[run[(row * rest) + i]];
            }
        }
    }

    private ModelFormatException NotInTable(int at, int level) => new(
        reader.Source, $"tensor '{name}'", index.UnitOffset, $"element {at} has index {level}, which is not in the table; the file is damaged, fetch it again");
}
