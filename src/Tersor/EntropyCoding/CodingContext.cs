using System.Runtime.CompilerServices;

namespace Tersor.EntropyCoding;

/// <summary>
/// A context in use by a coder: the model, and beside it the widths that its probability selects, so that the next bin need not wait for the look-up.
/// </summary>
internal struct CodingContext
{
    private ulong _widths;
    private ContextModel _model;

    /// <summary>The less probable width for each of the eight range classes, a byte each.</summary>
    public readonly ulong Widths => _widths;

    /// <summary>The probability behind the widths.</summary>
    public readonly ContextModel Model => _model;

    /// <summary>Sets estimators and rates to a starting point of section 7.3.</summary>
    /// <param name="index">0..8.</param>
    public void Initialize(int index)
    {
        _model.Initialize(index);
        _widths = _model.LessProbableWidths;
    }

    /// <summary>Back to the starting point last set.</summary>
    public void Reset() => Initialize(_model.InitializationIndex);

    /// <summary>Learns from a bin.</summary>
    /// <param name="model">The model as it was read before the bin; given again because it is in a register there.</param>
    /// <param name="bin">0 or 1, nothing else.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Learn(ContextModel model, int bin)
    {
        model.Update(bin);
        _model = model;
        _widths = model.LessProbableWidths;
    }
}
