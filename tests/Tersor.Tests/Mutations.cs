using System.Text;

namespace Tersor.Tests;

/// <summary>Damaged copies of a valid input.</summary>
internal static class Mutations
{
    private static readonly byte[] Telling = [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF, (byte)'"', (byte)'9', (byte)'-', (byte)'{', (byte)'['];

    /// <summary>What text formats trip over.</summary>
    private static readonly byte[][] TellingWords =
    [
        .. ((string[])["null", "-1", "1e999", "99999999999999999999", "true", "[]", "{}", "\"\"", "\"\\ud800\"", ","]).Select(Encoding.UTF8.GetBytes),
    ];

    /// <summary>Every copy with one bit flipped.</summary>
    public static IEnumerable<byte[]> SingleBitFlips(byte[] valid)
    {
        for (int bit = 0; bit < valid.Length * 8; bit++)
        {
            byte[] copy = [.. valid];
            copy[bit / 8] ^= (byte)(1 << (bit % 8));
            yield return copy;
        }
    }

    /// <summary>Every proper prefix.</summary>
    public static IEnumerable<byte[]> Truncations(byte[] valid)
    {
        for (int length = 0; length < valid.Length; length++) yield return valid[..length];
    }

    /// <summary>Copies with one to four random edits: bytes and numbers set, runs removed, doubled or overwritten.</summary>
    public static IEnumerable<byte[]> Random(byte[] valid, ulong seed, int count)
    {
        Seeded random = new(seed);
        for (int i = 0; i < count; i++) yield return Mutate(valid, random, []);
    }

    /// <summary>A copy with one to four random edits, of which one may bring a run of bytes from another input.</summary>
    public static byte[] Mutate(byte[] valid, Seeded random, ReadOnlySpan<byte> other)
    {
        List<byte> copy = [.. valid];
        for (int edits = 1 + random.NextInt(4); edits > 0 && copy.Count > 0; edits--)
        {
            int at = random.NextInt(copy.Count);
            int run = Math.Min(1 + random.NextInt(8), copy.Count - at);
            switch (random.NextInt(other.IsEmpty ? 7 : 8))
            {
                case 0: copy[at] = (byte)random.NextUInt64(); break;
                case 1: copy[at] = Telling[random.NextInt(Telling.Length)]; break;
                case 2: copy.RemoveRange(at, run); break;
                case 3: copy.InsertRange(at, copy.GetRange(at, run)); break;
                case 4:
                    byte value = Telling[random.NextInt(Telling.Length)];
                    for (int k = 0; k < run; k++) copy[at + k] = value;
                    break;
                case 5:
                    // A length or an offset: 2, 4 or 8 bytes, near a power of two.
                    ulong number = (1UL << random.NextInt(64)) - (ulong)random.NextInt(3);
                    int width = Math.Min(2 << random.NextInt(3), copy.Count - at);
                    for (int k = 0; k < width; k++) copy[at + k] = (byte)(number >> (8 * k));
                    break;
                case 6:
                    copy.RemoveRange(at, run);
                    copy.InsertRange(at, TellingWords[random.NextInt(TellingWords.Length)]);
                    break;
                default:
                    int from = random.NextInt(other.Length);
                    copy.InsertRange(at, other.Slice(from, Math.Min(1 + random.NextInt(64), other.Length - from)).ToArray());
                    break;
            }
        }

        return [.. copy];
    }
}
