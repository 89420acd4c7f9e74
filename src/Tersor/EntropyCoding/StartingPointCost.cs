namespace Tersor.EntropyCoding;

/// <summary>
/// Prices the bins of one context under each of the nine starting points. Where a context starts matters for its first bins only, how fast it learns
/// always; so behind <see cref="HeadLength"/> bins one of each learning rate goes on for all that share it.
/// </summary>
internal static class StartingPointCost
{
    private const int HeadLength = 1024;

    // The indices of section 7.3 by pair of rates, and for each pair the one that goes on.
    private static ReadOnlySpan<byte> RateGroups => [0, 0, 0, 1, 2, 2, 2, 3, 3];

    private static ReadOnlySpan<byte> GroupLeaders => [0, 3, 4, 7];

    /// <summary>Prices a context of a history, the sampled part scaled up.</summary>
    /// <param name="history">The bins.</param>
    /// <param name="context">Which context.</param>
    /// <param name="sample">What the history holds of the tensor.</param>
    /// <param name="costs">Receives a cost per starting point, in 1/32768 bit.</param>
    public static void Price(BinHistory history, int context, SymbolSample sample, Span<long> costs)
    {
        costs.Clear();
        Span<ContextModel> models = stackalloc ContextModel[ContextModel.InitializationCount];
        for (int index = 0; index < models.Length; index++) models[index].Initialize(index);
        int seen = 0;
        Add(history.Prefix(context), models, costs, ref seen);
        ReadOnlySpan<byte> rest = history.Rest(context);
        if (rest.IsEmpty) return;
        Span<long> sampled = stackalloc long[ContextModel.InitializationCount];
        sampled.Clear();
        Add(rest, models, sampled, ref seen);
        for (int index = 0; index < costs.Length; index++) costs[index] += sample.Scale(sampled[index]);
    }

    private static void Add(ReadOnlySpan<byte> bins, Span<ContextModel> models, Span<long> costs, ref int seen)
    {
        while (!bins.IsEmpty)
        {
            int border = bins.IndexOf(BinHistory.Border);
            AddBlockRow(border < 0 ? bins : bins[..border], models, costs, ref seen);
            if (border < 0) return;
            bins = bins[(border + 1)..];
            foreach (ref ContextModel model in models) model.Reset();
            seen = 0;
        }
    }

    private static void AddBlockRow(ReadOnlySpan<byte> bins, Span<ContextModel> models, Span<long> costs, ref int seen)
    {
        int headLength = Math.Clamp(HeadLength - seen, 0, bins.Length);
        seen += bins.Length;
        AddHead(bins[..headLength], models, costs);
        AddTail(bins[headLength..], models, costs);
    }

    // Here and below: independent chains in one loop. Each is a row of dependent table look-ups, and the processor fills the gaps of one with the others.
    private static unsafe void AddHead(ReadOnlySpan<byte> bins, Span<ContextModel> models, Span<long> costs)
    {
        if (bins.IsEmpty) return;
        for (int index = 0; index < models.Length; index += 3)
        {
            ContextModel model0 = models[index], model1 = models[index + 1], model2 = models[index + 2];
            long cost0 = 0, cost1 = 0, cost2 = 0;
            foreach (byte bin in bins)
            {
                long* costsOfBin = CoderCost.OfBin(bin);
                LearningStep step = LearningStep.For(bin);
                cost0 += costsOfBin[model0.WidthIndex];
                cost1 += costsOfBin[model1.WidthIndex];
                cost2 += costsOfBin[model2.WidthIndex];
                model0.Update(step);
                model1.Update(step);
                model2.Update(step);
            }

            (models[index], models[index + 1], models[index + 2]) = (model0, model1, model2);
            costs[index] += cost0;
            costs[index + 1] += cost1;
            costs[index + 2] += cost2;
        }
    }

    private static unsafe void AddTail(ReadOnlySpan<byte> bins, Span<ContextModel> models, Span<long> costs)
    {
        if (bins.IsEmpty) return;
        ContextModel model0 = models[GroupLeaders[0]], model1 = models[GroupLeaders[1]], model2 = models[GroupLeaders[2]], model3 = models[GroupLeaders[3]];
        long cost0 = 0, cost1 = 0, cost2 = 0, cost3 = 0;
        foreach (byte bin in bins)
        {
            long* costsOfBin = CoderCost.OfBin(bin);
            LearningStep step = LearningStep.For(bin);
            cost0 += costsOfBin[model0.WidthIndex];
            cost1 += costsOfBin[model1.WidthIndex];
            cost2 += costsOfBin[model2.WidthIndex];
            cost3 += costsOfBin[model3.WidthIndex];
            model0.Update(step);
            model1.Update(step);
            model2.Update(step);
            model3.Update(step);
        }

        (models[GroupLeaders[0]], models[GroupLeaders[1]], models[GroupLeaders[2]], models[GroupLeaders[3]]) = (model0, model1, model2, model3);
        ReadOnlySpan<long> groupCosts = [cost0, cost1, cost2, cost3];
        for (int index = 0; index < costs.Length; index++) costs[index] += groupCosts[RateGroups[index]];
    }
}
