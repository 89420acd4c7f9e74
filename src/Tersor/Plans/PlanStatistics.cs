using Tersor.Models;
using Tersor.Quantization;

namespace Tersor.Plans;

/// <summary>What data say of a model, by tensor: what the bytes of a plan with a <see cref="CompressionPlan.Calibration"/> follow from, beside model and plan.</summary>
public sealed class PlanStatistics
{
    /// <summary>Of plans that need none.</summary>
    public static PlanStatistics None { get; } = new();

    /// <summary>What errors cost together, for <see cref="TensorPlan.Compensated"/>.</summary>
    public IReadOnlyDictionary<string, RowCurvature> Curvatures { get; init; } = new Dictionary<string, RowCurvature>(StringComparer.Ordinal);

    /// <summary>For <see cref="TensorPlan.Weighting"/>: for each weight what a unit of its squared error costs, row-major, finite and not negative, in any unit.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<float>> Importances { get; init; } = new Dictionary<string, ReadOnlyMemory<float>>(StringComparer.Ordinal);

    /// <summary>Tensors that take the place of the model's, for <see cref="CompressionPlan.BiasCorrection"/> and <see cref="CompressionPlan.BatchNormReestimation"/>; null where nothing was corrected.</summary>
    public IReadOnlyDictionary<string, Tensor>? Corrected { get; init; }

    /// <summary>Tensors that take the place of the model's, batch normalizations folded where the plan folds them, for <see cref="CompressionPlan.VectorTuning"/>; null where nothing was tuned.</summary>
    public IReadOnlyDictionary<string, Tensor>? Tuned { get; init; }

    /// <summary>The same with tuned tensors.</summary>
    public PlanStatistics With(IReadOnlyDictionary<string, Tensor> tuned) => new() { Curvatures = Curvatures, Importances = Importances, Corrected = Corrected, Tuned = tuned };

    /// <summary>Refuses a plan that needs more than there is.</summary>
    /// <exception cref="PlanException">Every tensor that lacks something is named.</exception>
    internal void CheckFor(CompressionPlan plan, Model model)
    {
        List<string> problems = [];
        string[] missing = [.. plan.Tensors.Where(tensor => tensor.Compensated && !Curvatures.ContainsKey(tensor.Name)).Select(tensor => tensor.Name)];
        if (missing.Length > 0)
            problems.Add($"levels of '{string.Join("', '", missing)}' are to make up for one another's errors, which takes statistics of data; give the data that the plan was made with");
        TensorPlan[] weighted = [.. plan.Tensors.Where(tensor => tensor.Weighting != ErrorWeighting.None)];
        missing = [.. weighted.Where(tensor => !Importances.ContainsKey(tensor.Name)).Select(tensor => tensor.Name)];
        if (missing.Length > 0)
            problems.Add($"errors of '{string.Join("', '", missing)}' are to be weighted by importance, which takes statistics of data; give the data that the plan was made with");
        foreach (TensorPlan tensor in weighted.Where(tensor => Importances.ContainsKey(tensor.Name)))
        {
            if (Importance.Problem(Importances[tensor.Name].Span, model.Find(tensor.Name)!.ElementCount) is { } problem) problems.Add($"tensor '{tensor.Name}': {problem}");
        }

        if (plan.NeedsCorrection && Corrected is null)
            problems.Add("biases or batch normalizations are to be corrected, which takes statistics of data; give the data that the plan was made with");
        if (plan.VectorTuning && Tuned is null) problems.Add("vectors are to be tuned, which takes data; give the data that the plan was made with");
        if (problems.Count > 0) throw new PlanException(problems);
    }
}
