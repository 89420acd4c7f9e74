namespace Tersor.Representations;

/// <summary>Shares of values that fall geometrically behind the most frequent one, at the rate that gives an entropy.</summary>
internal sealed class ValueModel
{
    private readonly double[] _shares;

    /// <summary>Finds the rate by halving: the slower shares fall, the larger the entropy.</summary>
    public ValueModel(int valueCount, double commonShare, double entropyBits)
    {
        (double fastest, double slowest) = (0.0, 1.0);
        _shares = Falling(valueCount, commonShare, slowest);
        for (int i = 0; i < 50 && Entropy(_shares) > entropyBits; i++)
        {
            double middle = (fastest + slowest) / 2;
            double[] shares = Falling(valueCount, commonShare, middle);

            // No other value may pass the first.
            if (Entropy(shares) < entropyBits || (shares.Length > 1 && shares[1] > commonShare)) fastest = middle;
            else
            {
                slowest = middle;
                _shares = shares;
            }
        }
    }

    /// <summary>The share of each value, that of the most frequent one first.</summary>
    public IReadOnlyList<double> Shares => _shares;

    /// <summary>What a matrix has on average.</summary>
    public MatrixStatistics Expect(int rows, int columns, bool isZero)
    {
        double elements = (double)rows * columns;
        double entries = elements * (1 - _shares[0]);
        double groups = 0;
        double padded = 0;
        double tail = 0;
        for (int value = _shares.Length - 1; value > 0; value--)
        {
            groups += 1 - Math.Pow(1 - _shares[value], columns);
            tail += _shares[value];

            // A group is there, empty or not, where its value or a rarer one occurs.
            padded += 1 - Math.Pow(Math.Max(0, 1 - tail), columns);
        }

        long[] fillers = new long[RelativeIndexMatrix.MaxGapBits];
        for (int bits = 1; bits <= fillers.Length; bits++)
        {
            // Gaps are geometric: each reach of 2^bits elements passed over takes another filler.
            double reach = Math.Pow(_shares[0], 1 << bits);
            fillers[bits - 1] = reach < 1 ? (long)(entries * reach / (1 - reach)) : 0;
        }

        long[] escapes = new long[GroupGaps.Widths.Length];
        for (int i = 0; i < escapes.Length; i++)
        {
            int reach = GroupGaps.EscapeOf(GroupGaps.Widths[i]);
            for (int value = 1; value < _shares.Length; value++)
            {
                // An entry needs its n-th escape where its column has n times as many before it, none of its value.
                for (int passed = reach; passed < columns; passed += reach) escapes[i] += (long)(rows * (columns - passed) * _shares[value] * Math.Pow(1 - _shares[value], passed));
            }
        }

        return new MatrixStatistics
        {
            Rows = rows,
            Columns = columns,
            ValueCount = _shares.Length,
            EntryCount = (long)entries,
            NonZeroCount = isZero ? (long)entries : (long)elements,
            GroupCount = (long)(rows * groups),
            PaddedGroupCount = (long)(rows * padded),
            Fillers = fillers,
            GroupEscapes = escapes,
            EntropyBits = Entropy(_shares),
        };
    }

    private static double[] Falling(int valueCount, double commonShare, double rate)
    {
        double[] shares = new double[valueCount];
        shares[0] = valueCount == 1 ? 1 : commonShare;
        double sum = 0;
        for (int value = 1; value < valueCount; value++) sum += shares[value] = Math.Pow(rate, value - 1);
        for (int value = 1; value < valueCount; value++) shares[value] *= (1 - commonShare) / sum;
        return shares;
    }

    private static double Entropy(double[] shares) => shares.Where(share => share > 0).Sum(share => -share * Math.Log2(share));
}
