using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Tersor.Quantization;

/// <summary>
/// The distinct values of a tensor whose weights are shared, so that it can be kept bit for bit as small integers and a table. Values are told apart by
/// their bits: the two zeros differ, and so do NaNs with other payloads.
/// </summary>
/// <remarks>
/// <para>Values are ordered by the integer <em>key</em> that grows with them: the bit pattern where the sign bit is 0, else the complement of the other 31
/// bits, so that -0 has key -1. Level 0 is the least value of key 0 or more, which is zero where the tensor holds it; smaller values have negative levels
/// in order. So near levels are near values, and the frequent values of a pruned tensor have small levels.</para>
/// <para>As integers, a table is the distances of its keys, outward from zero: see <see cref="Join"/>. They are small where values are close, and code
/// into a good third less than the table's floats.</para>
/// </remarks>
public sealed class SharedValueTable
{
    /// <summary>The most distinct values a table takes.</summary>
    public const int MaxCount = 1 << 16;

    private const int ValuesBetweenChecks = 1 << 14;

    private readonly int[] _keys;
    private readonly int _negativeCount;
    private float[]? _values;

    // Keys increase strictly.
    private SharedValueTable(int[] keys)
    {
        _keys = keys;
        int negative = keys.AsSpan().BinarySearch(0);
        _negativeCount = negative < 0 ? ~negative : negative;
    }

    /// <summary>Number of distinct values.</summary>
    public int Count => _keys.Length;

    /// <summary>The lowest level, 0 or less.</summary>
    public int LowestLevel => -_negativeCount;

    /// <summary>The values, that of <see cref="LowestLevel"/> first; not to be written to.</summary>
    internal float[] Values => _values ??= Array.ConvertAll(_keys, ValueOf);

    /// <summary>The value of a level.</summary>
    /// <exception cref="IndexOutOfRangeException">The level is none of the table's.</exception>
    public float this[int level] => ValueOf(_keys[level + _negativeCount]);

    /// <summary>Finds the distinct values of a tensor, and the level of each element.</summary>
    /// <param name="values">Any values.</param>
    /// <param name="limit">The most distinct values that are of use, at most <see cref="MaxCount"/>; the search gives up beyond.</param>
    /// <param name="table">The table, where there is one.</param>
    /// <param name="levels">One level per value.</param>
    /// <param name="cancellationToken">Checked every few thousand values.</param>
    /// <returns>False where there are more distinct values than the limit.</returns>
    public static bool TryBuild(
        ReadOnlySpan<float> values,
        int limit,
        [NotNullWhen(true)] out SharedValueTable? table,
        [NotNullWhen(true)] out int[]? levels,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxCount);
        table = null;
        levels = null;
        ReadOnlySpan<int> patterns = MemoryMarshal.Cast<float, int>(values);
        DistinctKeys distinct = new(limit);
        for (int i = 0; i < patterns.Length; i++)
        {
            if (i % ValuesBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            if (!distinct.TryAdd(KeyOf(patterns[i]))) return false;
        }

        if (!distinct.TryFinish(out int[]? keys)) return false;
        table = new SharedValueTable(keys);
        levels = new int[values.Length];
        for (int i = 0; i < levels.Length; i++)
        {
            if (i % ValuesBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            levels[i] = keys.AsSpan().BinarySearch(KeyOf(patterns[i])) - table._negativeCount;
        }

        return true;
    }

    /// <summary>The values of levels.</summary>
    /// <param name="levels">May be the same memory as the values.</param>
    /// <param name="values">One for each level.</param>
    /// <returns>Position of the first level that is none of the table's, or -1; values are complete only then.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public int Expand(ReadOnlySpan<int> levels, Span<float> values)
    {
        UniformQuantizer.RequireSameLength(levels.Length, values.Length, nameof(values));
        float[] table = Values;
        for (int i = 0; i < levels.Length; i++)
        {
            int index = unchecked(levels[i] + _negativeCount);
            if ((uint)index >= (uint)table.Length) return i;
            values[i] = table[index];
        }

        return -1;
    }

    /// <summary>Writes tables as one sequence of integers, none negative.</summary>
    /// <remarks>
    /// For each table in turn, two counts: of negative keys, and of the others. Then for each table in turn the negative keys from the greatest down, as
    /// -1 - key, and the others from the least up, as they are: each sequence as its first number and then the distances less 1.
    /// </remarks>
    public static int[] Join(IReadOnlyList<SharedValueTable> tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        List<int> numbers = [];
        foreach (SharedValueTable table in tables)
        {
            numbers.Add(table._negativeCount);
            numbers.Add(table.Count - table._negativeCount);
        }

        foreach (SharedValueTable table in tables)
        {
            int last = -1;
            for (int i = table._negativeCount - 1; i >= 0; i--)
            {
                int magnitude = ~table._keys[i];
                numbers.Add(magnitude - last - 1);
                last = magnitude;
            }

            last = -1;
            foreach (int key in table._keys.AsSpan(table._negativeCount))
            {
                numbers.Add(key - last - 1);
                last = key;
            }
        }

        return [.. numbers];
    }

    /// <summary>Reads what <see cref="Join"/> wrote.</summary>
    /// <param name="numbers">The integers, from an untrusted file.</param>
    /// <param name="tableCount">How many tables they hold.</param>
    /// <param name="tables">The tables.</param>
    /// <returns>False where the integers are no such sequence.</returns>
    public static bool TrySplit(ReadOnlySpan<int> numbers, int tableCount, [NotNullWhen(true)] out SharedValueTable[]? tables)
    {
        tables = null;
        if (tableCount < 0 || tableCount > numbers.Length / 2) return false;
        ReadOnlySpan<int> rest = numbers[(2 * tableCount)..];
        SharedValueTable[] read = new SharedValueTable[tableCount];
        for (int i = 0; i < tableCount; i++)
        {
            int negative = numbers[2 * i];
            int other = numbers[(2 * i) + 1];
            if (negative < 0 || other < 0 || negative > rest.Length || other > rest.Length - negative || negative + other > MaxCount) return false;
            int[] keys = new int[negative + other];
            if (!TryAccumulate(rest[..negative], keys.AsSpan(0, negative))) return false;
            if (!TryAccumulate(rest.Slice(negative, other), keys.AsSpan(negative))) return false;
            keys.AsSpan(0, negative).Reverse();
            foreach (ref int key in keys.AsSpan(0, negative)) key = ~key;
            read[i] = new SharedValueTable(keys);
            rest = rest[(negative + other)..];
        }

        if (!rest.IsEmpty) return false;
        tables = read;
        return true;
    }

    // Grows with the value; its own inverse.
    private static int KeyOf(int pattern) => pattern ^ (pattern >> 31 & int.MaxValue);

    private static float ValueOf(int key) => BitConverter.Int32BitsToSingle(KeyOf(key));

    private static bool TryAccumulate(ReadOnlySpan<int> distances, Span<int> sums)
    {
        long last = -1;
        for (int i = 0; i < distances.Length; i++)
        {
            last += (long)distances[i] + 1;
            if (distances[i] < 0 || last > int.MaxValue) return false;
            sums[i] = (int)last;
        }

        return true;
    }
}
