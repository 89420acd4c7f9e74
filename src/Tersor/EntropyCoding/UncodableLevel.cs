using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Tersor.EntropyCoding;

/// <summary>The caller's error of levels that the syntax has no bins for.</summary>
internal static class UncodableLevel
{
    /// <summary>Names one.</summary>
    /// <param name="position">Index of the element.</param>
    /// <param name="level">The level, or the symbol that a codebook does not have.</param>
    [DoesNotReturn]
    public static void Throw(int position, int level) =>
        throw new ArgumentException($"The level or symbol {level} at position {position} cannot be coded: it is outside the codebook, or the dependent quantizer's state does not have it.");

    /// <summary>Names the first of a run that has one.</summary>
    /// <param name="levels">The run.</param>
    /// <param name="start">Index of its first element.</param>
    /// <param name="dependent">Whether levels follow the dependent quantizer.</param>
    /// <param name="state">Its state before the run.</param>
    [DoesNotReturn]
    public static void ThrowFirst(ReadOnlySpan<int> levels, int start, bool dependent, int state)
    {
        foreach (int level in levels)
        {
            if (level == int.MinValue || (dependent && !DependentQuantizer.CanExpress(state, level))) Throw(start, level);
            if (dependent) state = DependentQuantizer.NextState(state, DependentQuantizer.ToSymbol(state, level));
            start++;
        }

        throw new UnreachableException();
    }
}
