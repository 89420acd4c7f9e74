using System.Globalization;
using Tersor.Compression.Channels;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Structured sparsity learning: trains with a penalty on whole groups of weights until some vanish, and cuts the channels that have.</summary>
public sealed record GroupLassoStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "group-lasso";

    /// <summary>Which layers may lose channels.</summary>
    public ChannelSelectionOptions Selection { get; init; } = ChannelSelectionKeys.Usual;

    /// <summary>Which weights vanish together.</summary>
    public LassoGroups Groups { get; init; } = LassoGroups.Units;

    /// <summary>Factor of the penalty.</summary>
    public double Strength { get; init; } = 1e-3;

    /// <summary>Channels are cut whose weights have at most this share of the largest norm in their layer.</summary>
    public double Threshold { get; init; } = 1e-4;

    /// <inheritdoc/>
    public override TrainingRecipe Fit => Training ?? TrainingRecipe.FineTuning;

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => [.. ChannelGroups.Find(graph).Sets.SelectMany(set => set.Weights).Distinct(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public override string Describe() =>
        string.Create(CultureInfo.InvariantCulture, $"group-lasso: {ChannelSelectionKeys.Text(Selection)}, {Groups}, strength {Strength}, cut below {Threshold}; {TrainingKeys.Text(Fit)}");

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session)
    {
        try
        {
            Selection.Resolve(ChannelGroups.Find(graph));
            return [];
        }
        catch (ChannelPruningException refusal)
        {
            return [refusal.Message];
        }
    }

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        if (state.Pruned.Count > 0 || state.Shared.Count > 0) throw new RecipeException(Name, ["the penalty is on weights that are trained as they are; put the step before prune and share"]);
        NetworkState trained = session.Part("fit", state, before => session.Fit(before, Fit, "fit", null, new GroupLasso(ChannelGroups.Find(before.Graph), Groups, Strength)));
        return session.Part("cut", trained, before =>
        {
            try
            {
                PrunedNetwork cut = ChannelPruner.Prune(ChannelSelection.Vanished(ChannelGroups.Find(before.Graph), Threshold, Selection));
                session.Note(string.Create(
                    CultureInfo.InvariantCulture, $"{cut.Report.ParametersAfter:N0} of {cut.Report.ParametersBefore:N0} parameters, {cut.Report.MultiplyAddsAfter:N0} of {cut.Report.MultiplyAddsBefore:N0} multiply-adds"));
                return before with { Graph = cut.Graph };
            }
            catch (ChannelPruningException refusal)
            {
                throw new RecipeException(Name, [refusal.Message]);
            }
        });
    }

    internal static GroupLassoStep Read(RecipeMapping mapping) => new()
    {
        Selection = ChannelSelectionKeys.Read(mapping),
        Groups = mapping.Choice(
            "groups",
            LassoGroups.Units,
            [("units", LassoGroups.Units), ("filters", LassoGroups.Filters), ("input-channels", LassoGroups.InputChannels), ("shapes", LassoGroups.Shapes)]),
        Strength = mapping.Real("strength", 1e-3, 0, 1e6),
        Threshold = mapping.Real("threshold", 1e-4, 0, 0.999999),
        Training = TrainingKeys.Nested(mapping, TrainingRecipe.FineTuning),
    };
}
