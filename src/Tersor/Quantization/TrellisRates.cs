using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>
/// The rates of a trellis search, in units of the distortion. Significance contexts go with the survivors; those of signs and magnitudes, which the state
/// machine does not select, are shared and learn from the best survivor block by block.
/// </summary>
internal sealed class TrellisRates
{
    private const int ClassCount = TrellisBlock.ClassCount;

    // First points from here on are priced one by one instead of by table.
    private const int MaxTableLength = 64;
    private readonly SymbolRates _symbols;
    private readonly float _unit;
    private readonly int _tableLength;

    // By sign and neighbour class.
    private readonly float[] _signRates = new float[2 * 3];

    // By sign and first point: the magnitude in each of the classes.
    private readonly float[] _pointRates = new float[2 * MaxTableLength * ClassCount];
    private readonly int[] _magnitudeCosts = new int[(MaxTableLength / 2) + 2];

    /// <param name="rateWeight">What one bit is worth, in units of the distortion.</param>
    /// <param name="greaterFlagCount">N.</param>
    /// <param name="largestFirstPoint">The largest first point that will be asked for.</param>
    public TrellisRates(double rateWeight, int greaterFlagCount, int largestFirstPoint)
    {
        _unit = (float)(rateWeight / RateTable.OneBit);
        _symbols = new SymbolRates(greaterFlagCount);
        _tableLength = Math.Min(MaxTableLength, largestFirstPoint + 1);
        Survivors = new SurvivorSignificance(_unit);
        Refresh();
    }

    /// <summary>Significance contexts.</summary>
    public SurvivorSignificance Survivors { get; }

    /// <summary>All contexts as at the start of a tensor or of a block row.</summary>
    public void Reset()
    {
        Survivors.Reset();
        _symbols.Reset();
        Refresh();
    }

    /// <summary>Learns sign and magnitude of a symbol that is not zero; tables follow with <see cref="Refresh"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Learn(int symbol, int neighbourClass) => _symbols.LearnSignAndMagnitude(symbol, neighbourClass);

    /// <summary>Rate of a sign after a neighbour of the given class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sign(int negative, int neighbourClass) => _signRates[(3 * negative) + neighbourClass];

    /// <summary>Rate of the magnitudes of the four classes of grid points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<float> Magnitudes(int firstPoint, int negative) => firstPoint < _tableLength
        ? Vector128.LoadUnsafe(
            ref MemoryMarshal.GetArrayDataReference(_pointRates), (nuint)(((negative * MaxTableLength) + firstPoint) * ClassCount))
        : MagnitudesBeyondTable(firstPoint, negative);

    /// <summary>Brings the tables of signs and magnitudes up to what has been learned.</summary>
    public void Refresh()
    {
        Span<int> costs = _magnitudeCosts.AsSpan(0, (_tableLength / 2) + 2);
        for (int negative = 0; negative < 2; negative++)
        {
            for (int neighbour = 0; neighbour < 3; neighbour++)
                _signRates[(3 * negative) + neighbour] = _unit * _symbols.SignCost(neighbour, negative);
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

    private Vector128<float> MagnitudesBeyondTable(int first, int negative) => Vector128.Create(
        _unit * _symbols.MagnitudeCost(MagnitudeOf(first, 0), negative),
        _unit * _symbols.MagnitudeCost(MagnitudeOf(first, 1), negative),
        _unit * _symbols.MagnitudeCost(MagnitudeOf(first, 2), negative),
        _unit * _symbols.MagnitudeCost(MagnitudeOf(first, 3), negative));
}
