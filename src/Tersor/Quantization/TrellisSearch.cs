using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>
/// The Viterbi search behind <see cref="TrellisQuantizer"/>. The eight path costs live in one vector; a step is two lane permutations, and what it
/// decides waits in the output array until the best path is traced back.
/// </summary>
/// <remarks>
/// Costs are binary32 in units of step^2 and are kept small by subtracting the least one after every block. All vector operations act lane by lane, so
/// the scalar twin and every machine come to the same levels. A decision word: bit d (0..7) says that state d is best reached by an odd symbol; bit 8 + s
/// that zero is the best even symbol from state s; the upper half is the first grid point tried, or all ones where that has more than 16 bits.
/// </remarks>
internal sealed class TrellisSearch
{
    private const int StateCount = DependentQuantizer.StateCount;
    private const int FirstPointShift = 16;
    private const int FirstPointLimit = 0xFFFF;
    private const int WeightsBetweenChecks = 1 << 12;

    private readonly double _step;
    private readonly TrellisRates? _rates;
    private readonly bool _scalar;
    private readonly TrellisBlock _block = new();
    private readonly float[] _pathCosts = new float[StateCount];

    // All ones in lane s: the last symbol on the way to state s is not zero; and the neighbour class of such a symbol.
    private Vector256<int> _nonzero;
    private int _nonzeroClass;

    // What the best survivor says of the last block, and of the symbol before it.
    private readonly int[] _symbols = new int[TrellisBlock.Capacity];
    private int _neighbourClass;

    /// <param name="step">Step size.</param>
    /// <param name="rates">Prices symbols; null for distortion alone.</param>
    /// <param name="scalar">Use the scalar twin.</param>
    public TrellisSearch(double step, TrellisRates? rates, bool scalar = false)
    {
        _step = step;
        _rates = rates;
        _scalar = scalar || !Vector256.IsHardwareAccelerated;
    }

    /// <summary>The state that the best path so far ends in.</summary>
    public int BestState => TensorPrimitives.IndexOfMin(_pathCosts);

    /// <summary>Stands before the first weight of a tensor: there is state 0 only.</summary>
    public void Start()
    {
        _pathCosts.AsSpan().Fill(float.PositiveInfinity);
        _pathCosts[0] = 0;
        RestartContexts();
    }

    /// <summary>Stands in the middle of a tensor, with path costs and contexts as the weights before leave them.</summary>
    /// <param name="weights">Weights before, in coding order.</param>
    /// <param name="importance">One factor per weight; empty for all 1.</param>
    public void Start(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance)
    {
        // In state 0 too: where all is zero for long, a path keeps to the states that it is in, and all segments should to the same.
        Start();
        int[] decisions = ArrayPool<int>.Shared.Rent(weights.Length);
        Search(weights, importance, decisions.AsSpan(0, weights.Length), CancellationToken.None);
        ArrayPool<int>.Shared.Return(decisions);
    }

    /// <summary>Contexts and neighbour as at the start of a tensor or of a block row.</summary>
    public void RestartContexts()
    {
        _rates?.Reset();
        _nonzero = Vector256<int>.Zero;
        _neighbourClass = SymbolRates.ZeroClass;
    }

    /// <summary>Goes on over weights in coding order.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="importance">One factor per weight; empty for all 1.</param>
    /// <param name="decisions">Receives a decision word per weight.</param>
    /// <param name="cancellationToken">Checked every few thousand weights.</param>
    public void Search(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<int> decisions, CancellationToken cancellationToken)
    {
        for (int start = 0; start < weights.Length; start += TrellisBlock.Capacity)
        {
            if (start % WeightsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            int length = Math.Min(TrellisBlock.Capacity, weights.Length - start);
            ReadOnlySpan<float> blockWeights = weights.Slice(start, length);
            ReadOnlySpan<float> blockImportance = importance.IsEmpty ? importance : importance.Slice(start, length);
            Span<int> blockDecisions = decisions.Slice(start, length);
            if (_scalar)
            {
                _block.LoadScalar(blockWeights, blockImportance, _step);
                AdvanceScalar(blockDecisions);
            }
            else
            {
                _block.Load(blockWeights, blockImportance, _step);
                if (_rates is null) Advance(blockDecisions);
                else Advance(blockDecisions, _rates);
            }

            Renormalize();
            for (int i = 0; i < length; i++) blockDecisions[i] |= Math.Min(_block.FirstPoints[i], FirstPointLimit) << FirstPointShift;
            if (_rates is not null) Learn(blockWeights, blockDecisions, _rates);
        }
    }

    /// <summary>Puts levels in the place of decisions.</summary>
    /// <param name="weights">The weights that were searched, in coding order.</param>
    /// <param name="levels">Holds the decisions, receives the levels.</param>
    /// <param name="state">The state behind the last of them.</param>
    /// <returns>The state before the first.</returns>
    public int TraceBack(ReadOnlySpan<float> weights, Span<int> levels, int state)
    {
        levels = levels[..weights.Length];
        for (int i = weights.Length - 1; i >= 0; i--)
        {
            int point = StepBack(levels[i], weights[i], ref state);
            int negative = BitConverter.SingleToInt32Bits(weights[i]) >> 31;
            levels[i] = (point ^ negative) - negative;
        }

        return state;
    }

    private void Advance(Span<int> decisions)
    {
        Vector256<float> path = Vector256.Create(_pathCosts);
        ReadOnlySpan<float> zeroCosts = _block.ZeroCosts;
        for (int i = 0; i < decisions.Length; i++)
        {
            Spread(_block.Distortions(i), out Vector256<float> even, out Vector256<float> odd);
            decisions[i] = Step(ref path, Vector256.Create(zeroCosts[i]), even, odd, out _);
        }

        path.CopyTo(_pathCosts);
    }

    private void Advance(Span<int> decisions, TrellisRates rates)
    {
        Vector256<float> path = Vector256.Create(_pathCosts);
        SurvivorSignificance survivors = rates.Survivors;
        Vector256<int> nonzero = _nonzero;
        int nonzeroClass = _nonzeroClass;
        ReadOnlySpan<float> zeroCosts = _block.ZeroCosts;
        ReadOnlySpan<int> firstPoints = _block.FirstPoints;
        ReadOnlySpan<int> signs = _block.Negative;
        for (int i = 0; i < decisions.Length; i++)
        {
            int negative = signs[i];
            survivors.Rates(nonzero, nonzeroClass, out Vector256<float> zeroRates, out Vector256<float> nonzeroRates);
            nonzeroRates += Vector256.ConditionalSelect(
                nonzero.AsSingle(),
                Vector256.Create(rates.Sign(negative, nonzeroClass)),
                Vector256.Create(rates.Sign(negative, SymbolRates.ZeroClass)));
            Spread(_block.Distortions(i) + rates.Magnitudes(firstPoints[i], negative), out Vector256<float> even, out Vector256<float> odd);
            int decision = Step(
                ref path, Vector256.Create(zeroCosts[i]) + zeroRates, even + nonzeroRates, odd + nonzeroRates, out Vector256<int> nonzeroNow);
            survivors.Advance(decision, nonzero, nonzeroClass, nonzeroNow);
            nonzero = nonzeroNow;
            nonzeroClass = SymbolRates.PositiveClass - negative;
            decisions[i] = decision;
        }

        path.CopyTo(_pathCosts);
        _nonzero = nonzero;
        _nonzeroClass = nonzeroClass;
    }

    // The costs of four classes as lanes by origin state: of the even symbol and of the odd one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spread(Vector128<float> classes, out Vector256<float> even, out Vector256<float> odd)
    {
        Vector256<float> both = Vector256.Create(classes, classes);
        even = Vector256.Shuffle(both, Vector256.Create(0, 1, 0, 1, 4, 5, 4, 5));
        odd = Vector256.Shuffle(both, Vector256.Create(2, 3, 2, 3, 6, 7, 6, 7));
    }

    // One weight: costs by origin state in, path costs by destination state out, and where their last symbols are not zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Step(
        ref Vector256<float> path, Vector256<float> zero, Vector256<float> even, Vector256<float> odd, out Vector256<int> nonzero)
    {
        Vector256<int> zeroWins = Vector256.LessThan(zero, even).AsInt32();
        even = path + Vector256.MinNative(zero, even);
        odd = path + odd;
        even = Vector256.Shuffle(even, Vector256.Create(0, 2, 4, 6, 7, 5, 3, 1));
        odd = Vector256.Shuffle(odd, Vector256.Create(4, 6, 0, 2, 3, 1, 7, 5));
        path = Vector256.MinNative(even, odd);

        // On equal costs the lower origin wins: for states 2 to 5 that is the one of the odd symbol.
        Vector256<int> oddWinsTies = Vector256.Create(0, 0, -1, -1, -1, -1, 0, 0);
        Vector256<int> oddWins = Vector256.LessThan(odd, even).AsInt32() | (Vector256.Equals(odd, even).AsInt32() & oddWinsTies);
        nonzero = oddWins | ~Vector256.Shuffle(zeroWins, Vector256.Create(0, 2, 4, 6, 7, 5, 3, 1));
        return (int)(oddWins.ExtractMostSignificantBits() | (zeroWins.ExtractMostSignificantBits() << StateCount));
    }

    private void AdvanceScalar(Span<int> decisions)
    {
        Span<float> even = stackalloc float[StateCount];
        Span<float> odd = stackalloc float[StateCount];
        for (int i = 0; i < decisions.Length; i++)
        {
            int negative = _block.Negative[i];
            int decision = 0;
            Vector256<float> zeroRates = default;
            Vector256<float> nonzeroRates = default;
            _rates?.Survivors.Rates(_nonzero, _nonzeroClass, out zeroRates, out nonzeroRates);
            Vector128<float> magnitudes = _rates?.Magnitudes(_block.FirstPoints[i], negative) ?? default;
            for (int origin = 0; origin < StateCount; origin++)
            {
                int neighbour = _nonzero[origin] & _nonzeroClass;
                float nonzeroRate = nonzeroRates[origin] + (_rates?.Sign(negative, neighbour) ?? 0);
                float evenCost = _block.Distortion(i, origin & 1) + magnitudes[origin & 1] + nonzeroRate;
                float oddCost = _block.Distortion(i, 2 + (origin & 1)) + magnitudes[2 + (origin & 1)] + nonzeroRate;
                float zeroCost = _block.ZeroCosts[i] + zeroRates[origin];
                bool zeroWins = zeroCost < evenCost;
                if (zeroWins) decision |= 1 << (StateCount + origin);
                even[origin] = _pathCosts[origin] + (zeroWins ? zeroCost : evenCost);
                odd[origin] = _pathCosts[origin] + oddCost;
            }

            Vector256<int> nonzero = Vector256<int>.Zero;
            for (int state = 0; state < StateCount; state++)
            {
                float evenCost = even[Origin(state, 0)];
                float oddCost = odd[Origin(state, 1)];
                bool oddWins = oddCost < evenCost || (oddCost == evenCost && Origin(state, 1) < Origin(state, 0));
                _pathCosts[state] = oddWins ? oddCost : evenCost;
                if (oddWins) decision |= 1 << state;
                Undo(decision, state, out _, out int nonzeroNow);
                nonzero = nonzero.WithElement(state, nonzeroNow);
            }

            _rates?.Survivors.AdvanceScalar(decision, _nonzero, _nonzeroClass);
            _nonzero = nonzero;
            _nonzeroClass = SymbolRates.PositiveClass - negative;
            decisions[i] = decision;
        }
    }

    private void Renormalize()
    {
        float least = TensorPrimitives.Min(_pathCosts);
        foreach (ref float cost in _pathCosts.AsSpan()) cost -= least;
    }

    // The shared contexts learn what the best survivor says of the block just searched.
    private void Learn(ReadOnlySpan<float> weights, ReadOnlySpan<int> decisions, TrellisRates rates)
    {
        int state = BestState;
        for (int i = decisions.Length - 1; i >= 0; i--)
        {
            int point = StepBack(decisions[i], weights[i], ref state);
            int magnitude = (point + 1) >> 1;
            int negative = _block.Negative[i];
            _symbols[i] = (magnitude ^ -negative) + negative;
        }

        int neighbourClass = _neighbourClass;
        foreach (int symbol in _symbols.AsSpan(0, decisions.Length))
        {
            if (symbol != 0) rates.Learn(symbol, neighbourClass);
            neighbourClass = SymbolRates.ClassOf(symbol);
        }

        _neighbourClass = neighbourClass;
        rates.Refresh();
    }

    // Undoes the decision about a weight: the state before it, and the grid point that was chosen there.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int StepBack(int decision, float weight, ref int state)
    {
        state = Undo(decision, state, out int pointClass, out int nonzero);
        int first = decision >>> FirstPointShift;
        if (first == FirstPointLimit) first = TrellisBlock.FirstPoint((int)(Math.Abs((double)weight) / _step));
        return TrellisBlock.PointOf(first, pointClass) & nonzero;
    }

    /// <summary>The state from which a decision leads to <paramref name="state"/>.</summary>
    /// <param name="decision">Bits 0 to 15 of a decision word.</param>
    /// <param name="state">The state after.</param>
    /// <param name="pointClass">Class of the grid point chosen, unless that is zero.</param>
    /// <param name="nonzero">All ones, or 0 where zero was chosen.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Undo(int decision, int state, out int pointClass, out int nonzero)
    {
        int odd = (decision >> state) & 1;
        int origin = Origin(state, odd);
        int zeroWins = (decision >> (StateCount + origin)) & 1;
        nonzero = -odd | (zeroWins - 1);
        pointClass = (2 * odd) + (origin & 1);
        return origin;
    }

    /// <summary>Where a state is reached from by an even or by an odd symbol.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Origin(int state, int odd) => (int)(0x51_73_15_37_26_04_62_40 >> ((state << 3) | (odd << 2))) & 7;
}
