using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Codec;

/// <summary>Sets the weights of a model to zero whose loss costs least, over all tensors that the plan quantizes to levels and that have two or more dimensions.</summary>
internal static class PlannedPruning
{
    /// <summary>The model with zeros; of tensors that are weighted by importance only those of which statistics know it take part.</summary>
    public static Model Apply(Model model, CompressionPlan plan, PlanStatistics statistics, CancellationToken cancellationToken)
    {
        if (plan.PrunedShare == 0) return model;
        TensorPlan[] candidates = [.. plan.Tensors.Where(tensor => tensor.Method.IsOnGrid() && model.Find(tensor.Name)!.Shape.Rank >= 2 && model.CanDetach(model.Find(tensor.Name)!))];
        bool isWeighted = candidates.Any(tensor => tensor.Weighting != ErrorWeighting.None);
        candidates = [.. candidates.Where(tensor => tensor.Weighting != ErrorWeighting.None == isWeighted)];
        float[][] weights = [.. candidates.Select(tensor => model.Find(tensor.Name)!.ReadSingles(cancellationToken))];
        List<double[]> scores = [];
        for (int i = 0; i < candidates.Length; i++)
        {
            // A tensor that is stored exactly, as no step can hold it, keeps its weights too.
            bool isHeld = NonFiniteWeight.IndexOf(weights[i]) >= 0;
            scores.Add(isHeld ? [] : PruningRule.Score(weights[i], isWeighted ? statistics.Importances[candidates[i].Name].Span : [], []));
        }

        IReadOnlyList<bool[]> kept = PruningRule.Keep(scores, 1 - plan.PrunedShare);
        Dictionary<string, Tensor> pruned = new(StringComparer.Ordinal);
        for (int i = 0; i < candidates.Length; i++)
        {
            if (kept[i].Length == 0) continue;
            for (int at = 0; at < weights[i].Length; at++)
            {
                if (!kept[i][at]) weights[i][at] = 0;
            }

            pruned.Add(candidates[i].Name, new Tensor(candidates[i].Name, model.Find(candidates[i].Name)!.Shape, weights[i]));
        }

        return model.WithTensors(pruned);
    }
}
