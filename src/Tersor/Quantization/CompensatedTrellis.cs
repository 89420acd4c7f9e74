using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tersor.EntropyCoding;

namespace Tersor.Quantization;

/// <summary>
/// Dependent quantization that minimizes what errors cost together (<see cref="RowCurvature"/>) plus lambda times bits: a Viterbi search in coding order in which each of the
/// eight survivors carries the errors that it has made in the row, and aims each further weight at what makes up for them and for those of the rows before.
/// </summary>
/// <remarks>
/// Units are those of <see cref="TrellisQuantizer"/>: the cost of an error is relative to the mean over the tensor and in steps squared, and a bit is worth
/// <c>lambda * 4 * ln 2 / 6 * 0.7</c>. Significance and sign contexts go with the survivors as copies of the coder's own; those of magnitudes are shared and
/// learn from the best survivor after every block.
/// </remarks>
public sealed class CompensatedTrellis
{
    private const int StateCount = DependentQuantizer.StateCount;
    private const int ClassCount = 3;
    private const int SignBase = ClassCount * StateCount;
    private const int ContextCount = SignBase + ClassCount;
    private const int BlockLength = 64;

    // Decisions wait here until the paths of all survivors have come together behind them.
    private const int WindowLength = 1 << 13;
    private const int TailLength = 1 << 10;

    // In steps.
    private const float FarthestWeight = 1 << 20;

    // Errors that are made up for by larger ones, and so on: a target this far away is no longer one.
    private const float FarthestTarget = 1 << 24;

    private readonly RowCurvature _curvature;
    private readonly double _step;
    private readonly float _bitWeight;
    private readonly SymbolRates _magnitudes;

    private Survivors _now;
    private Survivors _next;
    private readonly int[] _windowLevels = new int[WindowLength * StateCount];
    private readonly byte[] _windowOrigins = new byte[WindowLength * StateCount];
    private int _committed;
    private int _inWindow;
    private int _unlearned;

    private CompensatedTrellis(RowCurvature curvature, double step, double lambda, int greaterFlagCount)
    {
        _curvature = curvature;
        _step = step;
        _bitWeight = (float)(lambda * 4 * Math.Log(2) / 6 * 0.7 / RateTable.OneBit);
        _magnitudes = new SymbolRates(greaterFlagCount);
        (_now, _next) = (new Survivors(curvature.Columns), new Survivors(curvature.Columns));
        _now.Start();
    }

    /// <summary>Quantizes a tensor.</summary>
    /// <param name="weights">Finite weights, row-major.</param>
    /// <param name="step">Step size, positive.</param>
    /// <param name="syntax">How the levels will be coded: row-major, dependent; the number of greater-than flags is used.</param>
    /// <param name="lambda">Weight of the rate, 0 or more.</param>
    /// <param name="curvature">What errors cost.</param>
    /// <param name="levels">Receives one level per weight, row-major; same length.</param>
    /// <param name="cancellationToken">Looked at before each row.</param>
    /// <exception cref="ArgumentException">A weight is not finite or leaves the range of levels, lengths disagree, or the syntax is another.</exception>
    public static void Quantize(
        ReadOnlySpan<float> weights, double step, in LevelSyntax syntax, double lambda, RowCurvature curvature, Span<int> levels, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(curvature);
        if (!syntax.DependentQuantization || syntax.CodebookSize != 0 || syntax.ScanOrder != 0)
            throw new ArgumentException("Compensated levels are for dependent quantization, row by row, without a codebook.", nameof(syntax));
        SequentialArguments.Check(weights, step, syntax, lambda, [], levels);
        if (weights.Length != (long)curvature.Rows * curvature.Columns)
            throw new ArgumentException($"{weights.Length} weights are not {curvature.Rows} rows of {curvature.Columns}.", nameof(curvature));

        // Steps so fine leave nothing to make up for, and binary32 could not tell by how much.
        if (Math.Abs((double)TensorPrimitives.MaxMagnitude(weights)) / step > FarthestWeight) TrellisQuantizer.Quantize(weights, step, syntax, lambda, [], levels);
        else new CompensatedTrellis(curvature, step, lambda, syntax.GreaterFlagCount).Run(weights, levels, cancellationToken);
    }

    private void Run(ReadOnlySpan<float> weights, Span<int> levels, CancellationToken cancellationToken)
    {
        int columns = _curvature.Columns;
        float[] errors = new float[weights.Length];
        float[] targets = new float[columns];
        for (int row = 0; row < _curvature.Rows; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Range range = (row * columns)..((row + 1) * columns);
            weights[range].CopyTo(targets);
            _curvature.AddEarlierRows(row, errors, -1, targets);
            float cost = _curvature.RelativeCost(row);
            TriangularFactors inputs = _curvature.InputsOf(row);
            for (int column = 0; column < columns; column++)
            {
                Advance(targets[column], inputs, column, cost);
                if (_inWindow == WindowLength) Commit(levels, WindowLength - TailLength);
            }

            WriteBest(levels, columns);

            // Rows behind make up for what the best survivor says: no other one may turn out to be the path.
            if (_curvature.IsMadeUpForBehind(row)) _now.KeepBest();
            UniformQuantizer.Dequantize(levels[range], _step, errors.AsSpan(range));
            TensorPrimitives.Subtract(errors.AsSpan(range), weights[range], errors.AsSpan(range));
        }

        Commit(levels, _inWindow);
    }

    // One weight of all survivors: from each state an even and an odd symbol; to each state the cheaper of two.
    private void Advance(float weight, TriangularFactors inputs, int column, float rowCost)
    {
        float scale = inputs.Costs[column] * rowCost;
        float scaled = (float)(weight / _step);
        ReadOnlySpan<float> coefficients = inputs.Coefficients(column);
        Span<Branch> branches = stackalloc Branch[2 * StateCount];
        for (int state = 0; state < StateCount; state++)
        {
            float cost = _now.Costs[state];
            if (float.IsPositiveInfinity(cost))
            {
                branches[2 * state].Cost = branches[(2 * state) + 1].Cost = cost;
                continue;
            }

            float target = scaled - Dot(coefficients, _now.Errors(state));
            if (!(MathF.Abs(target) <= FarthestTarget)) target = scaled;
            Extend(state, target, scale, cost, branches.Slice(2 * state, 2));
        }

        Span<int> windowLevels = _windowLevels.AsSpan(_inWindow * StateCount, StateCount);
        Span<byte> windowOrigins = _windowOrigins.AsSpan(_inWindow * StateCount, StateCount);
        for (int state = 0; state < StateCount; state++)
        {
            // On equal costs the lower origin wins.
            int even = 2 * TrellisSearch.Origin(state, 0);
            int odd = (2 * TrellisSearch.Origin(state, 1)) + 1;
            int taken = branches[odd].Cost < branches[even].Cost || (branches[odd].Cost == branches[even].Cost && odd < even) ? odd : even;
            ref Branch branch = ref branches[taken];
            int origin = taken >> 1;
            windowLevels[state] = branch.Level;
            windowOrigins[state] = (byte)origin;
            _next.Costs[state] = branch.Cost;
            if (float.IsPositiveInfinity(branch.Cost)) continue;
            _next.Take(_now, state, origin, column, branch.Level - scaled, DependentQuantizer.ToSymbol(origin, branch.Level));
        }

        (_now, _next) = (_next, _now);
        _inWindow++;
        if (++_unlearned < BlockLength) return;
        Learn();
    }

    private void Extend(int state, float target, float scale, float cost, Span<Branch> branches)
    {
        int negative = target < 0 ? 1 : 0;
        float magnitude = MathF.Abs(target);
        int neighbour = _now.Neighbours[state];
        ReadOnlySpan<ContextModel> contexts = _now.Contexts(state);
        ref readonly ContextModel significance = ref contexts[(ClassCount * state) + neighbour];
        float zeroRate = 0, nonzeroRate = 0;
        if (_bitWeight > 0)
        {
            zeroRate = _bitWeight * Cost(significance, 0);
            nonzeroRate = _bitWeight * (Cost(significance, 1) + Cost(contexts[SignBase + neighbour], negative));
        }

        int quantizer = state & 1;
        for (int parity = 0; parity < 2; parity++)
        {
            // Grid points of these symbols are 4 apart: 4, 8, ... and 2, 6, ... of even states, 3, 7, ... and 1, 5, ... of odd ones.
            int first = parity == 0 ? 4 - quantizer : 2 - quantizer;
            int point = first + (4 * Math.Max(0, (int)MathF.Round((magnitude - first) * 0.25f)));
            float distance = magnitude - point;
            float rate = nonzeroRate;
            if (_bitWeight > 0) rate += _bitWeight * _magnitudes.MagnitudeCost((point + 1) >> 1, negative);
            float total = (scale * distance * distance) + rate;
            int level = negative == 0 ? point : -point;
            if (parity == 0)
            {
                float zero = (scale * magnitude * magnitude) + zeroRate;
                if (zero <= total) (total, level) = (zero, 0);
            }

            branches[parity] = new Branch { Cost = cost + total, Level = level };
        }
    }

    // The contexts of magnitudes learn what the best survivor says of the last block, and costs stay small.
    private void Learn()
    {
        int state = _now.Best();
        Span<int> symbols = stackalloc int[BlockLength];
        for (int i = 0; i < _unlearned; i++)
        {
            int at = ((_inWindow - 1 - i) * StateCount) + state;
            state = _windowOrigins[at];
            symbols[_unlearned - 1 - i] = DependentQuantizer.ToSymbol(state, _windowLevels[at]);
        }

        foreach (int symbol in symbols[.._unlearned])
        {
            if (symbol != 0) _magnitudes.LearnSignAndMagnitude(symbol, 0);
        }

        _unlearned = 0;
        _now.Renormalize();
    }

    // What the best path says of the last weights, as far as they are in the window.
    private void WriteBest(Span<int> levels, int count)
    {
        int state = _now.Best();
        int end = _committed + _inWindow;
        for (int at = end - 1; at >= Math.Max(_committed, end - count); at--)
        {
            int decision = ((at - _committed) * StateCount) + state;
            levels[at] = _windowLevels[decision];
            state = _windowOrigins[decision];
        }
    }

    // Writes the oldest decisions of the best path for good, and forgets them. Survivors that came another way are given up.
    private void Commit(Span<int> levels, int count)
    {
        Learn();
        Span<int> ancestors = stackalloc int[StateCount];
        for (int state = 0; state < StateCount; state++)
        {
            ancestors[state] = state;
            for (int i = _inWindow - 1; i >= count; i--) ancestors[state] = _windowOrigins[(i * StateCount) + ancestors[state]];
        }

        int ancestor = ancestors[_now.Best()];
        for (int state = 0; state < StateCount; state++)
        {
            if (ancestors[state] != ancestor) _now.Costs[state] = float.PositiveInfinity;
        }

        for (int i = count - 1; i >= 0; i--)
        {
            levels[_committed + i] = _windowLevels[(i * StateCount) + ancestor];
            ancestor = _windowOrigins[(i * StateCount) + ancestor];
        }

        _committed += count;
        _inWindow -= count;
        _windowLevels.AsSpan(count * StateCount, _inWindow * StateCount).CopyTo(_windowLevels);
        _windowOrigins.AsSpan(count * StateCount, _inWindow * StateCount).CopyTo(_windowOrigins);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Cost(in ContextModel context, int bin) => RateTable.Table[(2 * context.RateIndex) + bin];

    // Sixteen lanes that are joined in a written order, multiplied and added one after the other: the same on every machine.
    private static float Dot(ReadOnlySpan<float> coefficients, ReadOnlySpan<float> errors)
    {
        ref float left = ref MemoryMarshal.GetReference(coefficients);
        ref float right = ref MemoryMarshal.GetReference(errors);
        Vector512<float> sums = Vector512<float>.Zero;
        int i = 0;
        for (; i <= coefficients.Length - Vector512<float>.Count; i += Vector512<float>.Count)
            sums += Vector512.LoadUnsafe(ref left, (nuint)i) * Vector512.LoadUnsafe(ref right, (nuint)i);
        Vector256<float> halves = sums.GetLower() + sums.GetUpper();
        Vector128<float> quarters = halves.GetLower() + halves.GetUpper();
        float sum = quarters[0] + quarters[1] + (quarters[2] + quarters[3]);
        for (; i < coefficients.Length; i++) sum += coefficients[i] * errors[i];
        return sum;
    }

    private struct Branch
    {
        public float Cost;
        public int Level;
    }

    // What each of the eight paths has come to.
    private sealed class Survivors(int longest)
    {
        private readonly float[] _errors = new float[StateCount * longest];
        private readonly ContextModel[] _contexts = new ContextModel[StateCount * ContextCount];

        public float[] Costs { get; } = new float[StateCount];

        // Class of the last symbol.
        public int[] Neighbours { get; } = new int[StateCount];

        // In steps, of the columns before in the row.
        public ReadOnlySpan<float> Errors(int state) => _errors.AsSpan(state * longest, longest);

        public ReadOnlySpan<ContextModel> Contexts(int state) => _contexts.AsSpan(state * ContextCount, ContextCount);

        public void Start()
        {
            Costs.AsSpan().Fill(float.PositiveInfinity);
            Costs[0] = 0;
            foreach (ref ContextModel context in _contexts.AsSpan()) context.Initialize(0);
        }

        public int Best()
        {
            int best = 0;
            for (int state = 1; state < StateCount; state++)
            {
                if (Costs[state] < Costs[best]) best = state;
            }

            return best;
        }

        public void KeepBest()
        {
            int best = Best();
            float cost = Costs[best];
            Costs.AsSpan().Fill(float.PositiveInfinity);
            Costs[best] = cost;
        }

        public void Renormalize()
        {
            float least = Costs[Best()];
            foreach (ref float cost in Costs.AsSpan()) cost -= least;
        }

        // The path to state becomes that of a survivor before, and one symbol more.
        public void Take(Survivors before, int state, int origin, int column, float error, int symbol)
        {
            Span<float> errors = _errors.AsSpan(state * longest, longest);
            before._errors.AsSpan(origin * longest, column).CopyTo(errors);
            errors[column] = error;
            Span<ContextModel> contexts = _contexts.AsSpan(state * ContextCount, ContextCount);
            before.Contexts(origin).CopyTo(contexts);
            int neighbour = before.Neighbours[origin];
            contexts[(ClassCount * origin) + neighbour].Update(symbol == 0 ? 0 : 1);
            if (symbol != 0) contexts[SignBase + neighbour].Update(symbol >>> 31);
            Neighbours[state] = SymbolRates.ClassOf(symbol);
        }
    }
}
