namespace Tersor.Compression.Budgets;

/// <summary>What a search is for: the smallest stream that loses at most so many right answers, or the stream of at most so many bytes whose answers change least.</summary>
public sealed class SearchGoal
{
    // A network that makes this many times as many errors on new data as on those of the trials has learned these by heart.
    private const double ErrorsOfLearned = 2;

    // Beyond so much, losses grow faster than distances; much below, train samples that were learned by heart do not tell.
    private const double TellingLoss = 0.02;
    private const double TellingFactor = 1.5;

    // Small changes win nearly as many right answers of new data as they lose. Measured on the networks of docs/budgets.md, where it is a little more than in proportion to the distance.
    private const double LossExponent = 1.1;

    private SearchGoal(double mostLost, long? mostBytes) => (MostLost, MostBytes) = (mostLost, mostBytes);

    /// <summary>The fraction of right answers that may be lost; infinite where the size is bounded.</summary>
    public double MostLost { get; }

    /// <summary>Bytes of the stream; null where the loss is bounded.</summary>
    public long? MostBytes { get; }

    /// <summary>
    /// The trial whose loss tells what distances cost, below which a loss is told from the distance of the outputs: to first order in what a small change does to them, new data near a boundary between
    /// classes win as many right answers as they lose, and what is left grows with the square, that is, with the distance. Null where every trial tells its own loss.
    /// </summary>
    public BudgetTrial? Anchor { get; private init; }

    /// <summary>The distance of the outputs of which new data are expected to lose as much as may be lost; null without an <see cref="Anchor"/>.</summary>
    internal double? MostDistance => Anchor is null ? null : Distance(Anchor) * Math.Pow(MostLost / MeasuredLoss(Anchor), 1 / LossExponent);

    /// <summary>Whether an <see cref="Anchor"/> is wanted, and there is none yet.</summary>
    internal bool WantsAnchor { get; private init; }

    /// <summary>The smallest stream of which new data are expected to lose no more.</summary>
    /// <param name="mostLost">The fraction of right answers that may be lost.</param>
    public static SearchGoal Loss(double mostLost) => new(mostLost, null);

    /// <summary>The same for trials on samples that the network was trained on.</summary>
    /// <param name="mostLost">The fraction of right answers that may be lost.</param>
    /// <param name="rightOnNew">The fraction of right answers to new data before any change.</param>
    /// <param name="rightOnTrained">That to the samples of the trials.</param>
    /// <param name="distancesTell">Whether distances of trials are those of logits: those of probabilities hardly change while a network is sure.</param>
    public static SearchGoal LossOnTrained(double mostLost, double rightOnNew, double rightOnTrained, bool distancesTell)
    {
        bool isLearned = (1 - rightOnNew) > ErrorsOfLearned * (1 - rightOnTrained);
        return new SearchGoal(mostLost, null) { WantsAnchor = isLearned && distancesTell && mostLost < TellingLoss };
    }

    /// <summary>The stream that fits and whose answers change least, by the distance of outputs; where no answers are asked for, the largest.</summary>
    /// <param name="mostBytes">Bytes of the stream.</param>
    public static SearchGoal Size(long mostBytes) => new(double.PositiveInfinity, mostBytes);

    /// <summary>Whether a trial keeps what is asked.</summary>
    public bool Keeps(BudgetTrial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return MostBytes is long most ? trial.Bytes <= most : ExpectedLoss(trial) <= MostLost;
    }

    /// <summary>The fraction of right answers that new data are expected to lose; a standard error is in it. Infinite where nobody asked for answers.</summary>
    public double ExpectedLoss(BudgetTrial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return Anchor is not null && Distance(trial) < Distance(Anchor) ? MeasuredLoss(Anchor) * Math.Pow(Distance(trial) / Distance(Anchor), LossExponent) : MeasuredLoss(trial);
    }

    /// <summary>Less than 0 where the first trial serves better than the second: by keeping what is asked, then by how much it gains; where neither keeps it, by how near it comes.</summary>
    public int Compare(BudgetTrial first, BudgetTrial second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        (bool keeps, bool otherKeeps) = (Keeps(first), Keeps(second));
        if (keeps != otherKeeps) return keeps ? -1 : 1;
        if (MostBytes is null)
        {
            int order = keeps ? first.Bytes.CompareTo(second.Bytes) : ExpectedLoss(first).CompareTo(ExpectedLoss(second));
            return order != 0 ? order : keeps ? ExpectedLoss(first).CompareTo(ExpectedLoss(second)) : first.Bytes.CompareTo(second.Bytes);
        }

        if (!keeps) return first.Bytes.CompareTo(second.Bytes);
        int nearer = Distance(first).CompareTo(Distance(second));
        return nearer != 0 ? nearer : second.Bytes.CompareTo(first.Bytes);
    }

    /// <summary>What is to be made small, as a logarithm: bytes, or the distance of outputs.</summary>
    internal double Objective(BudgetTrial trial) => Math.Log(Math.Max(MostBytes is null ? trial.Bytes : Distance(trial), 1e-12));

    /// <summary>By how much a trial misses (more than 0) or keeps (0 or less) what is asked, on a scale that flattens far away from it.</summary>
    internal double Excess(BudgetTrial trial) =>
        MostBytes is long most ? Math.Log((double)trial.Bytes / Math.Max(1, most)) : Math.Asinh((ExpectedLoss(trial) - MostLost) / Math.Max(MostLost, 1e-3));

    /// <summary>How many times what is asked a trial takes, as a logarithm: 0 or less where it keeps it; null where nothing is lost, or nothing may be.</summary>
    internal double? LogarithmicExcess(BudgetTrial trial)
    {
        double ratio = MostBytes is long most ? (double)trial.Bytes / most : ExpectedLoss(trial) / MostLost;
        return ratio > 0 && double.IsFinite(ratio) ? Math.Log(ratio) : null;
    }

    /// <summary>Whether a trial may be the anchor (less than 0: it loses too little, more than 0: too much).</summary>
    internal static int ComparedWithTelling(BudgetTrial trial)
    {
        double loss = trial.Change?.Top1Drop ?? 0;
        return loss * TellingFactor < TellingLoss ? -1 : loss > TellingLoss * TellingFactor ? 1 : 0;
    }

    /// <summary>The same goal with an anchor; without one where outputs that overflow leave it no distance.</summary>
    internal SearchGoal AnchoredAt(BudgetTrial anchor) => new(MostLost, MostBytes) { Anchor = double.IsFinite(Distance(anchor)) ? anchor : null };

    private static double MeasuredLoss(BudgetTrial trial) => trial.Change is { } change ? change.Top1Drop + change.StandardError : double.PositiveInfinity;

    private static double Distance(BudgetTrial trial) => trial.Change is { Distance: double distance } && !double.IsNaN(distance) ? distance : double.PositiveInfinity;
}
