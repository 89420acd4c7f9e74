using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>What a bin does to any context: where in <see cref="ContextTables"/> the changes of A and B stand, and how B's group is rounded.</summary>
internal readonly unsafe struct LearningStep
{
    private const uint BRoundUp = 127u << ContextModel.BShift;

    private LearningStep(ulong* changesOfA, ulong* changesOfB, uint roundUp)
    {
        ChangesOfA = changesOfA;
        ChangesOfB = changesOfB;
        RoundUp = roundUp;
    }

    /// <summary>By rate pair and A + 128.</summary>
    public ulong* ChangesOfA { get; }

    /// <summary>By rate pair and group of B.</summary>
    public ulong* ChangesOfB { get; }

    /// <summary>Added to the low half of the word before the group is taken from it.</summary>
    public uint RoundUp { get; }

    /// <summary>The step of a bin.</summary>
    /// <param name="bin">0 or 1, nothing else.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LearningStep For(int bin) => new(
        ContextTables.Start + ((nuint)(uint)bin * ContextTables.ABinStride),
        ContextTables.Start + ContextTables.BStart + ((nuint)(uint)bin * ContextTables.BBinStride),
        BRoundUp & ((uint)bin - 1));
}
