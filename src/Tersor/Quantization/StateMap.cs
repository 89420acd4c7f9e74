using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>A state of the 8-state machine for each of its states, a byte each.</summary>
internal readonly struct StateMap
{
    private const int StateCount = DependentQuantizer.StateCount;
    private const ulong Identity = 0x07_06_05_04_03_02_01_00;

    // By which states are best reached by an odd symbol.
    private static readonly ulong[] OriginsByOddWins = MakeOrigins();

    private readonly ulong _states;

    private StateMap(ulong states) => _states = states;

    /// <summary>What a state is mapped to.</summary>
    public int this[int state] => (int)(_states >> (8 * state)) & (StateCount - 1);

    /// <summary>The state before a row of decisions (<see cref="TrellisSearch"/>) from which they lead to each state behind them.</summary>
    public static StateMap OfDecisions(ReadOnlySpan<int> decisions)
    {
        if (!Vector128.IsHardwareAccelerated) return OfDecisionsScalar(decisions);
        ref ulong origins = ref MemoryMarshal.GetArrayDataReference(OriginsByOddWins);
        Vector128<byte> map = Vector128.CreateScalar(Identity).AsByte();
        for (int i = decisions.Length - 1; i >= 0; i--)
            map = Vector128.ShuffleNative(Vector128.CreateScalar(Unsafe.Add(ref origins, (nuint)(byte)decisions[i])).AsByte(), map);
        return new StateMap(map.AsUInt64().ToScalar());
    }

    /// <summary>The scalar twin of <see cref="OfDecisions"/>.</summary>
    internal static StateMap OfDecisionsScalar(ReadOnlySpan<int> decisions)
    {
        ulong map = 0;
        for (int end = 0; end < StateCount; end++)
        {
            int state = end;
            for (int i = decisions.Length - 1; i >= 0; i--) state = TrellisSearch.Undo(decisions[i], state, out _, out _);
            map |= (ulong)state << (8 * end);
        }

        return new StateMap(map);
    }

    private static ulong[] MakeOrigins()
    {
        ulong[] origins = new ulong[1 << StateCount];
        for (int oddWins = 0; oddWins < origins.Length; oddWins++)
        {
            for (int state = 0; state < StateCount; state++)
                origins[oddWins] |= (ulong)TrellisSearch.Origin(state, (oddWins >> state) & 1) << (8 * state);
        }

        return origins;
    }
}
