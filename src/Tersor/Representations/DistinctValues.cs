using System.Runtime.InteropServices;

namespace Tersor.Representations;

/// <summary>
/// Numbers different binary32 values, told apart by bit pattern, in the order of their coming: a tree of four levels, one for each byte, so that no
/// choice of values makes it slow, as chosen keys could a hash table.
/// </summary>
internal sealed class DistinctValues
{
    private const int Fanout = 256;

    private readonly List<float> _values = [];
    private int[] _slots = new int[4 * Fanout];
    private int _nodeCount = 1;

    /// <summary>The values, each at its number.</summary>
    public ReadOnlySpan<float> Values => CollectionsMarshal.AsSpan(_values);

    /// <summary>The number of a value, given to it now if it is new; -1 where it would be beyond <paramref name="limit"/>.</summary>
    public int NumberOf(float value, int limit)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        int node = 0;
        for (int shift = 24; shift > 0; shift -= 8)
        {
            int slot = (node * Fanout) + (int)((bits >> shift) & 0xFF);
            if (_slots[slot] == 0)
            {
                if (_values.Count == limit) return -1;
                int added = AddNode();
                _slots[slot] = added;
            }

            node = _slots[slot];
        }

        ref int leaf = ref _slots[(node * Fanout) + (int)(bits & 0xFF)];
        if (leaf > 0) return leaf - 1;
        if (_values.Count == limit) return -1;
        _values.Add(value);
        leaf = _values.Count;
        return leaf - 1;
    }

    // Where it returns to, the array may be another one.
    private int AddNode()
    {
        if ((_nodeCount + 1) * Fanout > _slots.Length) Array.Resize(ref _slots, 2 * _slots.Length);
        return _nodeCount++;
    }
}
