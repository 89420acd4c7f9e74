using System.Globalization;
using Tersor.Compression.Channels;
using Tersor.Engine.Data;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>What says how much a channel matters.</summary>
public enum ChannelMeasure
{
    /// <summary>Root of the sum of its weights' squares.</summary>
    Norm,

    /// <summary>Sum of its weights' sizes.</summary>
    L1Norm,

    /// <summary>How often its output is not zero on data.</summary>
    Activity,

    /// <summary>The scale of its batch normalization.</summary>
    BatchNormScale,

    /// <summary>The squared change of the loss to first order.</summary>
    Taylor,

    /// <summary>Chance.</summary>
    Random,
}

/// <summary>Cuts neurons, filters and channels out of a network, round by round with training in between: what is left is a smaller dense network.</summary>
public sealed record PruneChannelsStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "prune-channels";

    /// <summary>Which layers.</summary>
    public ChannelSelectionOptions Selection { get; init; } = ChannelSelectionKeys.Usual;

    /// <summary>What says how much a channel matters.</summary>
    public ChannelMeasure Measure { get; init; } = ChannelMeasure.Norm;

    /// <summary>The share of channels that goes, over all rounds; where <see cref="MultiplyAdds"/> is 0.</summary>
    public double Share { get; init; } = 0.3;

    /// <summary>The share of multiply-adds that may stay at the end; 0 to count channels instead.</summary>
    public double MultiplyAdds { get; init; }

    /// <summary>In place of shares: a channel goes whose score is less than its layer's mean by more than so many standard deviations, in every round; 0 for shares.</summary>
    public double Deviations { get; init; }

    /// <summary>Whether channels of all layers are compared; otherwise each layer loses the same share. Multiply-adds are always saved where they cost least.</summary>
    public bool IsGlobal { get; init; }

    /// <summary>Rounds of cutting and training.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Samples that activity and the change of the loss are measured on.</summary>
    public int Samples { get; init; } = 2048;

    /// <inheritdoc/>
    public override double EpochsFor(OnnxGraph graph, OnnxGraph first) => Rounds * base.EpochsFor(graph, first);

    private string Extent
    {
        get
        {
            if (Deviations > 0) return FormattableString.Invariant($"channels below their layer's mean by {Deviations} deviations");
            if (MultiplyAdds > 0) return FormattableString.Invariant($"to {MultiplyAdds:P0} of the multiply-adds");
            return FormattableString.Invariant($"{Share:P0} of the channels {(IsGlobal ? "of all layers" : "of each layer")}");
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => [.. ChannelGroups.Find(graph).Sets.SelectMany(set => set.Weights).Distinct(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public override OnnxGraph Outline(OnnxGraph graph)
    {
        try
        {
            for (int round = 1; round <= Rounds; round++) graph = ChannelPruner.Prune(Select(graph, groups => ChannelImportance.Norm(groups))).Graph;
        }
        catch (ChannelPruningException)
        {
            // Steps before it may leave nothing that this one could cut, as far as is known without data.
        }

        return graph;
    }

    /// <inheritdoc/>
    public override string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"prune-channels: {ChannelSelectionKeys.Text(Selection)}, {Extent}, by {Measure} ({Samples} samples), {Rounds} rounds; {(Training is null ? "no training" : TrainingKeys.Text(Training))}");

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session)
    {
        List<string> problems = [];
        if (MultiplyAdds == 0 && Deviations == 0 && Share >= 1) problems.Add("a share of 1 leaves layers without channels; ask for less");
        if (Rounds > 1 && Training is null) problems.Add("several rounds cut what one would unless there is training between them; add train, or drop rounds");
        if (problems.Count > 0) return problems;
        try
        {
            Select(graph, groups => ChannelImportance.Norm(groups));
        }
        catch (ChannelPruningException refusal)
        {
            problems.Add(refusal.Message);
        }

        return problems;
    }

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        for (int round = 1; round <= Rounds; round++)
        {
            int number = round;
            state = session.Part($"round-{number}", state, before => Cut(before, session, number));
        }

        return state;
    }

    internal static PruneChannelsStep Read(RecipeMapping mapping)
    {
        if (mapping.Has("deviations") && (mapping.Has("share") || mapping.Has("multiply-adds") || mapping.Has("scope")))
            mapping.Problem("has deviations, which say how much of each layer goes; drop share, multiply-adds and scope");
        return new PruneChannelsStep
        {
            Selection = ChannelSelectionKeys.Read(mapping),
            Measure = mapping.Choice(
                "importance",
                ChannelMeasure.Norm,
                [
                    ("norm", ChannelMeasure.Norm), ("l1-norm", ChannelMeasure.L1Norm), ("activity", ChannelMeasure.Activity), ("batch-norm-scale", ChannelMeasure.BatchNormScale),
                    ("taylor", ChannelMeasure.Taylor), ("random", ChannelMeasure.Random),
                ]),
            Share = mapping.Real("share", 0.3, 0, 1),
            MultiplyAdds = mapping.Real("multiply-adds", 0, 0.001, 1),
            Deviations = mapping.Real("deviations", 0, 0.001, 100),
            IsGlobal = mapping.Choice("scope", false, [("layer", false), ("global", true)]),
            Rounds = mapping.Integer("rounds", 1, 1, 1000),
            Samples = mapping.Integer("samples", 2048, 1, int.MaxValue),
            Training = TrainingKeys.Nested(mapping, Engine.Training.TrainingRecipe.FineTuning),
        };
    }

    private NetworkState Cut(NetworkState before, RecipeSession session, int round)
    {
        PrunedNetwork cut;
        try
        {
            cut = ChannelPruner.Prune(Select(before.Graph, groups => Scores(groups, session)));
        }
        catch (ChannelPruningException refusal)
        {
            throw new RecipeException(Name, [refusal.Message]);
        }

        foreach (string warning in cut.Report.Warnings) session.Note(warning);
        session.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"round {round}: {cut.Report.ParametersAfter:N0} of {cut.Report.ParametersBefore:N0} parameters, {cut.Report.MultiplyAddsAfter:N0} of {cut.Report.MultiplyAddsBefore:N0} multiply-adds"));
        NetworkState smaller = before with { Graph = cut.Graph };
        return Training is null ? smaller : session.Fit(smaller, Training, $"round-{round}");
    }

    // Each round takes its part of what the rounds together take: the same share of what is left.
    private ChannelSelection Select(OnnxGraph graph, Func<ChannelGroups, ChannelScores> measure)
    {
        ChannelScores scores = measure(ChannelGroups.Find(graph));
        if (Deviations > 0) return ChannelSelection.BelowMean(scores, Deviations, Selection);
        if (MultiplyAdds > 0) return ChannelSelection.ToMultiplyAdds(scores, Math.Pow(MultiplyAdds, 1.0 / Rounds), Selection);
        double share = 1 - Math.Pow(1 - Share, 1.0 / Rounds);
        return IsGlobal ? ChannelSelection.Globally(scores, share, Selection) : ChannelSelection.ByShare(scores, share, Selection);
    }

    private ChannelScores Scores(ChannelGroups groups, RecipeSession session)
    {
        SampleSet samples = session.Draw(Samples);
        return Measure switch
        {
            ChannelMeasure.L1Norm => ChannelImportance.Norm(groups, ChannelNorm.L1),
            ChannelMeasure.Activity => ChannelImportance.Activity(groups, samples, session.Preprocessing, session.Threads, session.CancellationToken),
            ChannelMeasure.BatchNormScale => ChannelImportance.BatchNormScale(groups),
            ChannelMeasure.Taylor => ChannelImportance.Taylor(groups, samples, session.Preprocessing, session.Threads, cancellationToken: session.CancellationToken),
            ChannelMeasure.Random => ChannelImportance.Random(groups, session.Seed),
            _ => ChannelImportance.Norm(groups),
        };
    }
}
