using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Compression.Budgets;

/// <summary>Assesses a model tensor by tensor: each tensor with two or more dimensions is coded alone at several step sizes and weights of the bits, decoded, and put into the network.</summary>
public static class SensitivityAssessment
{
    // How many octaves of the step finer and coarser than the plan's are tried.
    private const int FinerOctaves = 2;
    private const int CoarserOctaves = 4;

    // A weight of the bits that serves at one bit and more empties a tensor all of a sudden below: there coarser steps with a lower weight do better.
    private const double LowRateFactor = 0.25;

    /// <summary>The tensors that <see cref="Run"/> assesses.</summary>
    public static IReadOnlyList<Tensor> Tensors(Model model, CompressionPlan plan)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        HashSet<string> lossy = new(plan.Tensors.Where(tensor => tensor.Method.IsLossy()).Select(tensor => tensor.Name), StringComparer.Ordinal);
        return [.. model.Tensors.Where(tensor => tensor.Shape.Rank >= 2 && lossy.Contains(tensor.Name))];
    }

    /// <summary>Measures every tensor.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">Methods, and the QPs around which steps are assessed.</param>
    /// <param name="trials">Runs the network.</param>
    /// <param name="progress">Told how many trials are done.</param>
    /// <param name="cancellationToken">Looked at all along.</param>
    public static IReadOnlyList<TensorAssessment> Run(
        Model model, CompressionPlan plan, PlanTrials trials, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(trials);
        int octave = 1 << plan.QpDensity;
        List<TensorAssessment> assessments = [];
        int done = 0;
        foreach (Tensor tensor in Tensors(model, plan))
        {
            TensorPlan planned = plan.Tensors.Single(entry => entry.Name == tensor.Name);
            using Model alone = new("memory", model.Source, [tensor]);
            List<AssessedStep> steps = [];
            foreach (TensorPlan tried in Variants(planned, octave, plan.QpDensity))
            {
                BudgetTrial trial = trials.Try(alone, plan with { Topology = TopologyCarriage.None, Tensors = [tried] }, cancellationToken);
                steps.Add(new AssessedStep(tried.Qp, tried.Lambda, trial.Bytes, trial.Change!.Distance));
                progress?.Report(++done);
            }

            assessments.Add(new TensorAssessment(tensor.Name, steps));
        }

        return assessments;
    }

    /// <summary>How many trials <see cref="Run"/> makes.</summary>
    public static int TrialCount(Model model, CompressionPlan plan)
    {
        HashSet<string> names = new(Tensors(model, plan).Select(tensor => tensor.Name), StringComparer.Ordinal);
        return plan.Tensors.Where(tensor => names.Contains(tensor.Name)).Sum(tensor => Variants(tensor, 1 << plan.QpDensity, plan.QpDensity).Count());
    }

    private static IEnumerable<TensorPlan> Variants(TensorPlan plan, int octave, int density)
    {
        foreach (double lambda in plan.Lambda > 0 ? [plan.Lambda, plan.Lambda * LowRateFactor] : new[] { 0.0 })
        {
            int last = int.MinValue;
            for (int octaves = lambda < plan.Lambda ? 0 : -FinerOctaves; octaves <= CoarserOctaves; octaves++)
            {
                int qp = Math.Clamp(plan.Qp + (octaves * octave), StepSize.MinQp(density), StepSize.MaxQp(density));
                if (qp == last) continue;
                last = qp;
                yield return plan with { Qp = qp, Lambda = lambda };
            }
        }
    }
}
