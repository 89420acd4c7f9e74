using Tersor.Compression.Calibration;
using Tersor.Plans;
using Tersor.Quantization;

namespace Tersor.Compression.Budgets;

/// <summary>
/// Plans in which a bit buys the same everywhere: the step of each tensor is what makes its errors cost as much of the outputs' distance as those of any other, for what they
/// save (the slope of all rate-distortion curves is one; Shoham and Gersho 1988). Levels of convolutions and products make up for one another's errors.
/// </summary>
public sealed class SlopeFamily : PlanLine
{
    // A step doubles in so many plans. Tensors round to the quarter octaves that a stream can say at different places: each plan changes some of them.
    private const int PlansPerOctave = 16;

    // Around the plan that the family starts from.
    private const int FinerOctaves = 6;
    private const int CoarserOctaves = 10;

    private readonly CompressionPlan _plan;
    private readonly Dictionary<string, double> _steps = new(StringComparer.Ordinal);
    private readonly double? _lambda;
    private readonly NetworkCurvature _curvature;

    /// <summary>Weighs the tensors.</summary>
    /// <param name="plan">Methods; the steps of tensors of which nothing is known stay as they are.</param>
    /// <param name="curvature">What errors cost.</param>
    /// <param name="lambda">Weight of the bits where the trellis has one; null for what suits compensated levels.</param>
    public SlopeFamily(CompressionPlan plan, NetworkCurvature curvature, double? lambda)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(curvature);
        (_plan, _curvature, _lambda) = (plan, curvature, lambda);
        List<double> slopes = [];
        foreach (TensorPlan tensor in plan.Tensors.Where(IsSearched))
        {
            double cost = curvature.MeanCost(tensor.Name)!.Value;
            slopes.Add(Math.Log2(StepSize.FromQp(tensor.Qp, plan.QpDensity)) + (Math.Log2(cost) / 2));
            _steps.Add(tensor.Name, -Math.Log2(cost) / 2);
        }

        slopes.Sort();
        double middle = slopes.Count == 0 ? 0 : slopes[slopes.Count / 2];
        foreach (string name in _steps.Keys) _steps[name] += middle;
    }

    /// <summary>Weight of the bits that suits compensated levels: measured on LeNets below, and ResNets above one bit per weight.</summary>
    public static double UsualLambda => 1.5;

    /// <inheritdoc/>
    public override int Count => ((FinerOctaves + CoarserOctaves) * PlansPerOctave) + 1;

    /// <inheritdoc/>
    public override int PlacesPerOctave => PlansPerOctave;

    /// <inheritdoc/>
    public override int Start => FinerOctaves * PlansPerOctave;

    /// <inheritdoc/>
    public override Range Telling => ((FinerOctaves - 1) * PlansPerOctave)..(((FinerOctaves + 6) * PlansPerOctave) + 1);

    /// <inheritdoc/>
    public override CompressionPlan At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        double octaves = ((double)index / PlansPerOctave) - FinerOctaves;
        return _plan with { Tensors = [.. _plan.Tensors.Select(tensor => _steps.TryGetValue(tensor.Name, out double step) ? At(tensor, step + octaves) : tensor)] };
    }

    private TensorPlan At(TensorPlan tensor, double logarithm)
    {
        // The dependent grid is the finer one.
        double step = Math.Pow(2, logarithm) * (tensor.Method.IsDependent() ? 1 : StepSize.UniformRatio);
        int density = _plan.QpDensity;
        tensor = tensor with { Qp = Math.Clamp(StepSize.ToQp(step, density), StepSize.MinQp(density), StepSize.MaxQp(density)) };
        if (!tensor.Method.IsDependent() || !_curvature.Rows.ContainsKey(tensor.Name)) return tensor;
        return tensor with { Compensated = true, Scan = 0, Lambda = tensor.Method == TensorMethod.TrellisRdo ? _lambda ?? UsualLambda : 0 };
    }

    // A vector of whole numbers is exact and costs nothing already.
    private bool IsSearched(TensorPlan tensor) =>
        tensor.Method.IsLossy() && !tensor.KeepsWholeNumbers && _curvature.MeanCost(tensor.Name) is > 0;
}
