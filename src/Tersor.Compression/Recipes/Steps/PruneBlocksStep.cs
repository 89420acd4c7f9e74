using System.Globalization;
using Tersor.Compression.Blocks;
using Tersor.Engine.Data;
using Tersor.Engine.Graphs;
using Tersor.Engine.Training;
using Tersor.Models.Onnx;

namespace Tersor.Compression.Recipes.Steps;

/// <summary>Cuts whole residual branches out of a network, one after the other, each time the one whose loss costs least for the multiply-adds that it saves: what is left is a shallower network.</summary>
public sealed record PruneBlocksStep : RecipeStep
{
    /// <inheritdoc/>
    public override string Name => "prune-blocks";

    /// <summary>Which branches: those of whose weights all are selected.</summary>
    public LayerSelection Selection { get; init; } = new();

    /// <summary>The share of multiply-adds that may stay at the end, above 0; branches go until no more is left.</summary>
    public double MultiplyAdds { get; init; } = 0.5;

    /// <summary>Rounds of cutting and training; each cuts about the same share of what is left.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Samples that the loss is measured on.</summary>
    public int Samples { get; init; } = 1024;

    /// <inheritdoc/>
    public override double EpochsFor(OnnxGraph graph, OnnxGraph first) => Rounds * base.EpochsFor(graph, first);

    /// <inheritdoc/>
    public override IReadOnlyList<string> LayersOf(OnnxGraph graph) => [.. Branches(graph).SelectMany(branch => branch.Weights).Distinct(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public override OnnxGraph Outline(OnnxGraph graph) => CutFirst(graph, MultiplyAdds * LayerCost.MultiplyAddsOf(graph));

    /// <inheritdoc/>
    public override string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"prune-blocks: {Selection}, to {MultiplyAdds:P0} of the multiply-adds, by the loss ({Samples} samples), {Rounds} rounds; {(Training is null ? "no training" : TrainingKeys.Text(Training))}");

    /// <inheritdoc/>
    public override IEnumerable<string> Check(OnnxGraph graph, RecipeSession session)
    {
        string[] problems = [.. Selection.Check(graph)];
        if (problems.Length > 0) return problems;
        if (Rounds > 1 && Training is null) return ["several rounds cut what one would unless there is training between them; add train, or drop rounds"];
        if (Branches(graph).Count == 0) return [$"no residual branch of {graph.Source} could be cut; prune-channels makes layers narrower"];
        double least = (double)LayerCost.MultiplyAddsOf(CutFirst(graph, 0)) / LayerCost.MultiplyAddsOf(graph);
        return least > MultiplyAdds
            ? [string.Create(CultureInfo.InvariantCulture, $"without all branches that may go {least:P1} of the multiply-adds stay, {MultiplyAdds:P1} is asked; allow more, or cut channels too")]
            : [];
    }

    /// <inheritdoc/>
    public override NetworkState Apply(NetworkState state, RecipeSession session)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(session);
        long first = LayerCost.MultiplyAddsOf(state.Graph);
        SampleSet samples = session.Draw(Samples);
        for (int round = 1; round <= Rounds; round++)
        {
            double most = first * Math.Pow(MultiplyAdds, (double)round / Rounds);
            for (int cut = 1; LayerCost.MultiplyAddsOf(state.Graph) > most; cut++)
            {
                state = session.Part(FormattableString.Invariant($"round-{round}-cut-{cut}"), state, before => before with { Graph = CutCheapest(before.Graph, session, samples) });
            }

            string name = FormattableString.Invariant($"round-{round}");
            if (Training is { } training) state = session.Part(name, state, before => session.Fit(before, training, name));
        }

        return state;
    }

    internal static PruneBlocksStep Read(RecipeMapping mapping) => new()
    {
        Selection = LayerSelection.Read(mapping),
        MultiplyAdds = mapping.Real("multiply-adds", 0.5, 0.001, 1),
        Rounds = mapping.Integer("rounds", 1, 1, 1000),
        Samples = mapping.Integer("samples", 1024, 1, int.MaxValue),
        Training = TrainingKeys.Nested(mapping, TrainingRecipe.FineTuning),
    };

    // Weights that no selection speaks of, as they are small, hold no branch.
    private List<ResidualBranch> Branches(OnnxGraph graph)
    {
        HashSet<string> selected = [.. Selection.Of(graph)];
        HashSet<string> selectable = [.. new LayerSelection().Of(graph)];
        return [.. ResidualBranches.Find(graph).Where(branch => branch.Weights.Any(selected.Contains) && branch.Weights.All(weight => selected.Contains(weight) || !selectable.Contains(weight)))];
    }

    // As they come, until no more multiply-adds are left than so many, or no branch is.
    private OnnxGraph CutFirst(OnnxGraph graph, double most)
    {
        while (LayerCost.MultiplyAddsOf(graph) > most && Branches(graph) is [{ } branch, ..]) graph = ResidualBranches.Cut(graph, branch);
        return graph;
    }

    private OnnxGraph CutCheapest(OnnxGraph graph, RecipeSession session, SampleSet samples)
    {
        List<ResidualBranch> branches = Branches(graph);
        if (branches.Count == 0) throw new RecipeException(Name, ["no residual branch is left that may go; ask for more multiply-adds"]);
        long whole = LayerCost.MultiplyAddsOf(graph);
        double before = session.Judge(ExecutableGraph.Create(graph), samples).Loss;
        (double Price, double Loss, ResidualBranch Branch, OnnxGraph Left)? cheapest = null;
        foreach (ResidualBranch branch in branches)
        {
            session.CancellationToken.ThrowIfCancellationRequested();
            OnnxGraph left = ResidualBranches.Cut(graph, branch);
            double loss = session.Judge(ExecutableGraph.Create(left), samples).Loss;
            if (double.IsNaN(loss)) loss = double.PositiveInfinity;
            double price = (loss - before) / Math.Max(1, whole - LayerCost.MultiplyAddsOf(left));
            if (cheapest is null || price < cheapest.Value.Price) cheapest = (price, loss, branch, left);
        }

        (_, double after, ResidualBranch cut, graph) = cheapest!.Value;
        session.Note(string.Create(CultureInfo.InvariantCulture, $"without {cut}: loss {after:F4}, {before:F4} before; {LayerCost.MultiplyAddsOf(graph):N0} of {whole:N0} multiply-adds"));
        return graph;
    }
}
