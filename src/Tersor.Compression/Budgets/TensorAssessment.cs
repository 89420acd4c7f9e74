namespace Tersor.Compression.Budgets;

/// <summary>What one tensor costs and what it does to the answers with some settings, all others being as they were.</summary>
/// <param name="Qp">Quantization parameter.</param>
/// <param name="Lambda">Weight of the bits; <see cref="Plans.TensorPlan.Lambda"/>.</param>
/// <param name="Bytes">Of the tensor's unit.</param>
/// <param name="Distance">Of the answers; <see cref="Answers.AnswerChange.Distance"/>.</param>
public readonly record struct AssessedStep(int Qp, double Lambda, double Bytes, double Distance);

/// <summary>A tensor with several settings.</summary>
/// <param name="Name">The tensor.</param>
/// <param name="Steps">For each weight of the bits, in order of rising QP; at least one.</param>
public sealed record TensorAssessment(string Name, IReadOnlyList<AssessedStep> Steps)
{
    /// <summary>
    /// A step for every QP from the first to the last assessed with each weight of the bits: bytes on straight lines between those that were measured, the distance on
    /// straight lines of its logarithm, as it grows by powers of the step.
    /// </summary>
    public IReadOnlyList<AssessedStep> Filled()
    {
        List<AssessedStep> filled = [];
        foreach (AssessedStep next in Steps)
        {
            if (filled.Count == 0 || filled[^1].Lambda != next.Lambda)
            {
                filled.Add(next);
                continue;
            }

            AssessedStep last = filled[^1];
            for (int qp = last.Qp + 1; qp <= next.Qp; qp++)
            {
                double part = (double)(qp - last.Qp) / (next.Qp - last.Qp);
                double logarithm = Math.Log(Floor(last.Distance)) + (part * Math.Log(Floor(next.Distance) / Floor(last.Distance)));
                filled.Add(new AssessedStep(qp, next.Lambda, last.Bytes + (part * (next.Bytes - last.Bytes)), Math.Exp(logarithm)));
            }
        }

        return filled;

        // A distance that rounds to nothing has no logarithm.
        static double Floor(double distance) => Math.Max(distance, 1e-12);
    }
}
