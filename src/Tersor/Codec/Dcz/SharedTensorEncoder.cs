using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Tersor.EntropyCoding.Huffman;
using Tersor.Models;
using Tersor.Quantization;

namespace Tersor.Codec.Dcz;

/// <summary>Writes the bytes that <see cref="SharedTensorDecoder"/> reads, with indices of the width that makes them fewest.</summary>
internal static class SharedTensorEncoder
{
    private const int FirstLookLength = 1 << 16;

    /// <summary>Codes a tensor.</summary>
    /// <returns>Null where it has not binary32 elements, or none, or more distinct values than a codebook takes.</returns>
    public static (DczSharing Sharing, byte[] Payload)? TryEncode(Tensor tensor, CancellationToken cancellationToken)
    {
        if (tensor.ElementType != ElementType.Float32 || tensor.ElementCount is 0 or > SharedTensorDecoder.MaxElementCount) return null;
        int limit = (int)Math.Min(DczSharing.MaxCodebookLength, tensor.ElementCount);
        if (HasManyValuesAtFirst(tensor, limit, cancellationToken)) return null;
        if (!SharedValueTable.TryBuild(tensor.ReadSingles(cancellationToken), limit, out SharedValueTable? table, out int[]? ids, cancellationToken)) return null;
        (float[] codebook, long[] idCounts) = NumberByValue(table, ids);
        Plan plan = Choose(RelativeIndexCounts.Of(ids, cancellationToken), idCounts);
        return plan.Sharing.UncodedCount(ids.Length) > SharedTensorDecoder.MaxUncodedElements ? null : (plan.Sharing, Write(codebook, ids, plan, cancellationToken));
    }

    // Spares reading the whole of most tensors that are not shared.
    private static bool HasManyValuesAtFirst(Tensor tensor, int limit, CancellationToken cancellationToken)
    {
        if (tensor.ElementCount <= FirstLookLength || !tensor.Data.ReadsInParts) return false;
        float[] start = new float[FirstLookLength];
        tensor.Data.Read(0, MemoryMarshal.AsBytes(start.AsSpan()));
        return !SharedValueTable.TryBuild(start, limit, out _, out _, cancellationToken);
    }

    // Levels become ids: 0 is the most frequent value, the others follow in order of value.
    private static (float[] Codebook, long[] Counts) NumberByValue(SharedValueTable table, int[] levels)
    {
        long[] levelCounts = new long[table.Count];
        foreach (int level in levels) levelCounts[level - table.LowestLevel]++;
        int first = Array.IndexOf(levelCounts, levelCounts.Max());
        float[] codebook = new float[table.Count];
        long[] counts = new long[table.Count];
        for (int i = 0; i < table.Count; i++)
        {
            int id = IdOf(i, first);
            codebook[id] = table[i + table.LowestLevel];
            counts[id] = levelCounts[i];
        }

        foreach (ref int level in levels.AsSpan()) level = IdOf(level - table.LowestLevel, first);
        return (codebook, counts);
    }

    private static int IdOf(int place, int first) => place == first ? 0 : place < first ? place + 1 : place;

    private static Plan Choose(RelativeIndexCounts indices, long[] idCounts)
    {
        if (idCounts.Length == 1) return new Plan(new DczSharing { IndexBits = 0, CodebookLength = 1 }, null, null);
        Plan? best = null;
        long kept = idCounts.Sum() - idCounts[0];
        for (int bits = 0; bits <= DczSharing.MaxIndexBits; bits++)
        {
            idCounts[0] = indices.Fillers(bits);
            HuffmanCode idCode = HuffmanCode.FromCounts(idCounts);
            HuffmanCode? indexCode = bits == 0 ? null : HuffmanCode.FromCounts(indices.Counts(bits));
            DczSharing sharing = new()
            {
                IndexBits = bits,
                CodebookLength = idCounts.Length,
                EntryCount = kept + indices.Fillers(bits),
                FillerCount = indices.Fillers(bits),
                IdBytes = (idCode.CountBits(idCounts) + 7) / 8,
                IndexBytes = indexCode is null ? 0 : (indexCode.CountBits(indices.Counts(bits)) + 7) / 8,
            };
            if (best is null || sharing.ByteCount < best.Sharing.ByteCount) best = new Plan(sharing, idCode, indexCode);
        }

        return best!;
    }

    private static byte[] Write(float[] codebook, int[] ids, Plan plan, CancellationToken cancellationToken)
    {
        DczSharing sharing = plan.Sharing;
        byte[] payload = new byte[sharing.ByteCount];
        Span<byte> rest = payload;
        foreach (float value in codebook)
        {
            BinaryPrimitives.WriteSingleLittleEndian(rest, value);
            rest = rest[sizeof(float)..];
        }

        if (plan.IdCode is null) return payload;
        WriteLengths(plan.IdCode, rest[..sharing.IdLengthBytes]);
        rest = rest[sharing.IdLengthBytes..];
        if (plan.IndexCode is not null) WriteLengths(plan.IndexCode, rest[..sharing.IndexLengthBytes]);
        rest = rest[sharing.IndexLengthBytes..];
        HuffmanWriter idWriter = new(plan.IdCode, rest[..(int)sharing.IdBytes]);
        HuffmanWriter indexWriter = plan.IndexCode is null ? default : new(plan.IndexCode, rest[(int)sharing.IdBytes..]);
        int run = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            if (i % RelativeIndexCounts.ElementsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            if (ids[i] == 0)
            {
                run++;
                continue;
            }

            for (; run >= sharing.IndexCount; run -= sharing.IndexCount)
            {
                idWriter.Write(0);
                if (plan.IndexCode is not null) indexWriter.Write(sharing.IndexCount - 1);
            }

            idWriter.Write(ids[i]);
            if (plan.IndexCode is not null) indexWriter.Write(run);
            run = 0;
        }

        idWriter.Finish();
        if (plan.IndexCode is not null) indexWriter.Finish();
        return payload;
    }

    private static void WriteLengths(HuffmanCode code, Span<byte> packed)
    {
        for (int symbol = 0; symbol < code.Lengths.Length; symbol++) packed[symbol / 2] |= (byte)(code.Lengths[symbol] << (symbol % 2 == 0 ? 4 : 0));
    }

    private sealed record Plan(DczSharing Sharing, HuffmanCode? IdCode, HuffmanCode? IndexCode);
}
