using Tersor.EntropyCoding;
using Tersor.Quantization;

namespace Tersor.Tests.Quantization;

/// <summary>
/// The decisions of the public reference encoder, in its slow and plain form: every survivor carries its own copy of all contexts (NNC implementer's text,
/// section 12). Oracle for <c>vectors/nnc/quant</c>, and the yardstick for the fast trellis.
/// </summary>
internal sealed class ReferenceEncoderRules(int greaterFlagCount)
{
    private const int StateCount = 8;

    // Large, but still added to: the oddities show even in what survivors without a start do.
    private const double Unreached = 1e20;

    /// <summary>Uniform quantization with rate (12.1). Weights in coding order; the neighbour and the contexts run on over block rows.</summary>
    public int[] QuantizeUniform(ReadOnlySpan<float> weights, double step, double lambda)
    {
        double scale = RateTable.OneBit / (lambda * Math.Log(2) / 6);
        SymbolRates rates = new(greaterFlagCount);
        int[] levels = new int[weights.Length];
        int neighbour = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double scaled = Math.Abs((double)weights[i]) / step;
            int nearest = (int)Math.Round(scaled, MidpointRounding.AwayFromZero);
            double best = (scale * scaled * scaled) + Rate(rates, 0, 0, neighbour);
            int choice = 0;
            for (int magnitude = Math.Max(1, nearest - 1); magnitude <= nearest; magnitude++)
            {
                double cost = (scale * (scaled - magnitude) * (scaled - magnitude)) + Rate(rates, magnitude, 0, neighbour);
                if (cost >= best) continue;
                best = cost;
                choice = magnitude;
            }

            levels[i] = weights[i] < 0 ? -choice : choice;
            Learn(rates, levels[i], 0, neighbour);
            neighbour = SymbolRates.ClassOf(levels[i]);
        }

        return levels;
    }

    /// <summary>Dependent quantization with rate (12.2). Weights in coding order.</summary>
    /// <param name="weights">Weights.</param>
    /// <param name="step">Step size.</param>
    /// <param name="lambda">Weight of the rate; 0 for distortion alone.</param>
    /// <param name="odd">With the two oddities of the reference: contexts of the destination, neighbours that are two steps old.</param>
    public int[] QuantizeDependent(ReadOnlySpan<float> weights, double step, double lambda, bool odd)
    {
        double scale = lambda == 0 ? 1 : RateTable.OneBit / (lambda * 4 * Math.Log(2) / 6 * 0.7);
        double[] costs = new double[StateCount];
        Array.Fill(costs, Unreached);
        costs[0] = 0;
        SymbolRates[] rates = new SymbolRates[StateCount];
        for (int s = 0; s < StateCount; s++) rates[s] = new SymbolRates(greaterFlagCount);
        int[] neighbours = new int[StateCount];
        int[] olderNeighbours = new int[StateCount];
        (int Origin, int Symbol)[] decisions = new (int, int)[weights.Length * StateCount];

        for (int i = 0; i < weights.Length; i++)
        {
            double scaled = Math.Abs((double)weights[i]) / step;
            int first = Math.Max(1, (int)Math.Floor(scaled) - 1);
            double[] next = new double[StateCount];
            Array.Fill(next, double.PositiveInfinity);
            Span<(int Origin, int Symbol)> chosen = decisions.AsSpan(i * StateCount, StateCount);
            for (int origin = 0; origin < StateCount; origin++)
            {
                for (int point = first; point <= first + 4; point++)
                {
                    int target = point == first + 4 ? 0 : point;
                    if (target != 0 && ((target ^ origin) & 1) != 0) continue;
                    int magnitude = (target + 1) >> 1;
                    int symbol = weights[i] < 0 ? -magnitude : magnitude;
                    double cost = costs[origin] + (scale * (scaled - target) * (scaled - target));
                    if (lambda != 0) cost += Rate(rates[origin], symbol, origin, neighbours[origin]);
                    int state = DependentQuantizer.NextState(origin, symbol);
                    if (cost >= next[state]) continue;
                    next[state] = cost;
                    chosen[state] = (origin, symbol);
                }
            }

            int[] nextNeighbours = new int[StateCount];
            SymbolRates[] nextRates = new SymbolRates[StateCount];
            for (int state = 0; state < StateCount; state++)
            {
                (int origin, int symbol) = chosen[state];
                nextRates[state] = rates[origin].Clone();
                Learn(nextRates[state], symbol, odd ? state : origin, odd ? olderNeighbours[state] : neighbours[origin]);
                nextNeighbours[state] = SymbolRates.ClassOf(symbol);
            }

            olderNeighbours = neighbours;
            (costs, neighbours, rates) = (next, nextNeighbours, nextRates);
        }

        int best = Array.IndexOf(costs, costs.Min());
        int[] levels = new int[weights.Length];
        for (int i = weights.Length - 1; i >= 0; i--)
        {
            (int origin, int symbol) = decisions[(i * StateCount) + best];
            levels[i] = (int)DependentQuantizer.ToLevel(origin, symbol);
            best = origin;
        }

        return levels;
    }

    private static void Learn(SymbolRates rates, int symbol, int state, int neighbour)
    {
        if (symbol == 0) rates.LearnZero(state, neighbour);
        else rates.LearnNonzero(symbol, state, neighbour);
    }

    private static double Rate(SymbolRates rates, int symbol, int state, int neighbour)
    {
        if (symbol == 0) return rates.SignificanceCost(state, neighbour, 0);
        int negative = symbol < 0 ? 1 : 0;
        return rates.SignificanceCost(state, neighbour, 1) + rates.SignCost(neighbour, negative) + rates.MagnitudeCost(Math.Abs(symbol), negative);
    }
}
