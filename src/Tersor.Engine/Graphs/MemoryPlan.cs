using System.Runtime.InteropServices;
using Tersor.Models;

namespace Tersor.Engine.Graphs;

/// <summary>
/// Gives every value of a plan a place in one of two arrays, so that values whose lifetimes overlap never do. Values are placed by falling size, each at the
/// lowest free place.
/// </summary>
internal sealed class MemoryPlan
{
    // 64 bytes: a vector of the widest kind, a cache line.
    private const int SinglesPerLine = 16;

    private readonly Dictionary<ValueSlot, Lifetime> _lifetimes = [];
    private readonly Dictionary<ValueSlot, ValueSlot> _sharing = [];

    /// <summary>States that a value is read or written at a time.</summary>
    public void Use(ValueSlot? value, int time)
    {
        if (value is null) return;
        ValueSlot root = RootOf(value);
        _lifetimes[root] = _lifetimes.TryGetValue(root, out Lifetime known) ? new Lifetime(Math.Min(known.Start, time), Math.Max(known.End, time)) : new Lifetime(time, time);
    }

    /// <summary>Puts a value where another lies; to be stated before uses of the former.</summary>
    public void Share(ValueSlot value, ValueSlot with) => _sharing[value] = RootOf(with);

    /// <summary>The value whose place this one shares; itself where it has its own.</summary>
    public ValueSlot RootOf(ValueSlot value) => _sharing.GetValueOrDefault(value, value);

    /// <summary>The time of the last use so far.</summary>
    public int EndOf(ValueSlot value) => _lifetimes.TryGetValue(RootOf(value), out Lifetime lifetime) ? lifetime.End : int.MinValue;

    /// <summary>Chooses the places and allocates.</summary>
    /// <param name="source">The model, for messages.</param>
    /// <param name="maxBytes">What may be allocated; more is refused before.</param>
    /// <returns>Bytes allocated.</returns>
    /// <exception cref="ResourceLimitException">More than an array holds, the machine has or is allowed.</exception>
    public long Allocate(string source, long maxBytes = long.MaxValue)
    {
        Dictionary<ValueSlot, int> places = [];
        long singles = Place(source, places, slot => slot.ElementType == ElementType.Float32, SinglesPerLine);
        long integers = Place(source, places, slot => slot.ElementType != ElementType.Float32, SinglesPerLine / 2);
        long bytes = (singles * sizeof(float)) + (integers * sizeof(long));
        long available = Math.Min(maxBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (bytes > available || singles > Array.MaxLength - SinglesPerLine)
            throw new ResourceLimitException($"{source}: a run takes {bytes / 1e6:N1} MB for intermediate results, {available / 1e6:N1} MB are left for them; use a smaller batch.");
        float[] singleMemory = GC.AllocateArray<float>((int)singles + SinglesPerLine, pinned: true);
        long[] integerMemory = new long[(int)integers];
        int start = AlignedStart(singleMemory);
        foreach ((ValueSlot slot, int place) in places) slot.Bind(singleMemory, integerMemory, slot.ElementType == ElementType.Float32 ? place + start : place);
        foreach (ValueSlot slot in _sharing.Keys)
        {
            if (places.TryGetValue(RootOf(slot), out int place)) slot.Bind(singleMemory, integerMemory, slot.ElementType == ElementType.Float32 ? place + start : place);
        }

        return bytes;
    }

    private long Place(string source, Dictionary<ValueSlot, int> places, Func<ValueSlot, bool> isIn, int line)
    {
        List<(Lifetime Lifetime, long Start, long End)> placed = [];
        long total = 0;
        foreach ((ValueSlot slot, Lifetime lifetime) in _lifetimes
            .Where(entry => isIn(entry.Key) && entry.Key.Constant is null && entry.Key.Parameter is null && entry.Key.Held is null)
            .OrderByDescending(entry => entry.Key.Length).ThenBy(entry => entry.Value.Start))
        {
            long length = (slot.Length + line - 1L) / line * line;
            long start = 0;
            foreach ((Lifetime other, long from, long to) in placed)
            {
                // Sorted by start: the first gap that is large enough is taken.
                if (!other.Overlaps(lifetime)) continue;
                if (from >= start + length) break;
                start = Math.Max(start, to);
            }

            int at = placed.FindIndex(entry => entry.Start > start);
            placed.Insert(at < 0 ? placed.Count : at, (lifetime, start, start + length));
            total = Math.Max(total, start + length);
            if (total > Array.MaxLength) throw new ResourceLimitException($"{source}: intermediate results take more than {Array.MaxLength:N0} elements; use a smaller batch.");
            places.Add(slot, (int)start);
        }

        return total;
    }

    private static unsafe int AlignedStart(float[] pinned)
    {
        nuint address = (nuint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
        return (int)((64 - (address % 64)) % 64 / sizeof(float));
    }

    private readonly record struct Lifetime(int Start, int End)
    {
        public bool Overlaps(Lifetime other) => Start <= other.End && other.Start <= End;
    }
}
