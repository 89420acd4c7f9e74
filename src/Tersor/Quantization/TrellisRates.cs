using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>The rates of a trellis search in tables made for eight states and four classes of grid points at a time, in units of the distortion.</summary>
internal sealed class TrellisRates
{
    private const int StateCount = DependentQuantization.StateCount;
    private const int ClassCount = TrellisBlock.ClassCount;

    // First points from here on are priced one by one instead of by table.
    private const int MaxTableLength = 64;
    private const int NonzeroRow = 3;
    private readonly SymbolRates _symbols;
    private readonly float _unit;
    private readonly int _tableLength;

    // Rows of eight states: zero by neighbour class, then nonzero by sign and neighbour class.
    private readonly float[] _stateRates = new float[9 * StateCount];

    // By sign and first point: the magnitude in each of the classes.
    private readonly float[] _pointRates = new float[2 * MaxTableLength * ClassCount];
    private readonly int[] _magnitudeCosts = new int[(MaxTableLength / 2) + 2];

    /// <param name="rateWeight">What one bit is worth, in units of the distortion.</param>
    /// <param name="greaterFlagCount">N.</param>
    /// <param name="largestFirstPoint">The largest first point that will be asked for.</param>
    public TrellisRates(double rateWeight, int greaterFlagCount, int largestFirstPoint)
    {
        _symbols = new SymbolRates(greaterFlagCount);
        _unit = (float)(rateWeight / RateTable.OneBit);
        _tableLength = Math.Min(MaxTableLength, largestFirstPoint + 1);
        Refresh();
    }

    /// <summary>All contexts as at the start of a tensor or of a block row.</summary>
    public void Reset()
    {
        _symbols.Reset();
        Refresh();
    }

    /// <summary>Updates the contexts, not yet the tables.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Learn(int symbol, int state, int neighbourClass) => _symbols.Learn(symbol, state, neighbourClass);

    /// <summary>Rate of zero by state, after a neighbour of the given class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> Zero(int neighbourClass) => Row(neighbourClass);

    /// <summary>Rate of significance and sign of a nonzero symbol by state, after a neighbour of the given class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> Nonzero(int neighbourClass, int negative) => Row(NonzeroRow + (3 * negative) + neighbourClass);

    /// <summary>Rate of the magnitudes of the four classes of grid points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<float> Magnitudes(int firstPoint, int negative) => firstPoint < _tableLength
        ? Vector128.LoadUnsafe(
            ref MemoryMarshal.GetArrayDataReference(_pointRates), (nuint)(((negative * MaxTableLength) + firstPoint) * ClassCount))
        : MagnitudesBeyondTable(firstPoint, negative);

    /// <summary>Brings the tables up to what the contexts have learned.</summary>
    public void Refresh()
    {
        for (int neighbour = 0; neighbour < 3; neighbour++)
        {
            int positive = _symbols.SignCost(neighbour, 0);
            int negative = _symbols.SignCost(neighbour, 1);
            for (int state = 0; state < StateCount; state++)
            {
                int significant = _symbols.SignificanceCost(state, neighbour, 1);
                _stateRates[(neighbour * StateCount) + state] = _unit * _symbols.SignificanceCost(state, neighbour, 0);
                _stateRates[((NonzeroRow + neighbour) * StateCount) + state] = _unit * (significant + positive);
                _stateRates[((NonzeroRow + 3 + neighbour) * StateCount) + state] = _unit * (significant + negative);
            }
        }

        Span<int> costs = _magnitudeCosts.AsSpan(0, (_tableLength / 2) + 2);
        for (int negative = 0; negative < 2; negative++)
        {
            _symbols.MagnitudeCosts(negative, costs);
            for (int first = 1; first < _tableLength; first++)
            {
                Span<float> rates = _pointRates.AsSpan(((negative * MaxTableLength) + first) * ClassCount, ClassCount);
                for (int pointClass = 0; pointClass < rates.Length; pointClass++)
                    rates[pointClass] = _unit * costs[MagnitudeOf(first, pointClass) - 1];
            }
        }
    }

    // A grid point's symbol has half its magnitude, rounded up.
    private static int MagnitudeOf(int first, int pointClass) => (TrellisBlock.PointOf(first, pointClass) + 1) >> 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Row(int row) =>
        Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(_stateRates), (nuint)(row * StateCount));

    private Vector128<float> MagnitudesBeyondTable(int first, int negative) => Vector128.Create(
        _unit * _symbols.MagnitudeCost(MagnitudeOf(first, 0), negative),
        _unit * _symbols.MagnitudeCost(MagnitudeOf(first, 1), negative),
        _unit * _symbols.MagnitudeCost(MagnitudeOf(first, 2), negative),
        _unit * _symbols.MagnitudeCost(MagnitudeOf(first, 3), negative));
}
