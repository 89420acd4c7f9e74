namespace Tersor.EntropyCoding;

/// <summary>Prices every context's bins under all nine starting points at once.</summary>
internal readonly struct InitializationSink : IBinSink
{
    private readonly ContextModel[] _candidates;
    private readonly long[] _costs;

    /// <summary>Both arrays hold <see cref="ContextModel.InitializationCount"/> entries per context.</summary>
    public InitializationSink(ContextModel[] candidates, long[] costs)
    {
        _candidates = candidates;
        _costs = costs;
        for (int i = 0; i < candidates.Length; i++) candidates[i].Initialize(i % ContextModel.InitializationCount);
    }

    /// <inheritdoc/>
    public void Bin(int context, int bin)
    {
        int first = context * ContextModel.InitializationCount;
        Span<ContextModel> candidates = _candidates.AsSpan(first, ContextModel.InitializationCount);
        Span<long> costs = _costs.AsSpan(first, ContextModel.InitializationCount);
        for (int i = 0; i < candidates.Length; i++)
        {
            costs[i] += RateTable.Cost(candidates[i].Probability, bin);
            candidates[i].Update(bin);
        }
    }

    /// <inheritdoc/>
    public void Bypass(uint value, int bitCount)
    {
    }

    /// <inheritdoc/>
    public void EnterFirstBlockRow(bool restartsRange)
    {
    }

    /// <inheritdoc/>
    public void EnterBlockRow(int quantizerState)
    {
        foreach (ref ContextModel candidate in _candidates.AsSpan()) candidate.Reset();
    }
}
