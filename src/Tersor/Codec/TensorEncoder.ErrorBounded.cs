using Tersor.Models;
using Tersor.Nnc;
using Tersor.Plans;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Tersor.Codec;

/// <content>Tensors whose every weight stays within a bound.</content>
internal sealed partial class TensorEncoder
{
    // Relative error of making a value from a level in binary32, with some to spare.
    private const double SingleRounding = 1.0 / (1 << 22);

    private Encoding ErrorBounded(Tensor tensor, float[] values, TensorPlan plan, int ordinal, List<string> warnings)
    {
        ErrorBound bound = plan.ErrorBound!;
        double allowed = bound.Mode == ErrorBoundMode.Relative ? bound.Value * ErrorBoundCheck.RangeOf(tensor, parallel.CancellationToken) : bound.Value;
        Encoding exact = Lossless(tensor, Exact(plan, TensorMethod.Lossless), ordinal, values);
        if (allowed == 0) return exact;
        IEnumerable<Encoding?> attempts = bound.Mode == ErrorBoundMode.Pointwise
            ? [OnLogarithmicGrid(tensor, values, allowed, plan, ordinal)]
            : PredictorsOf(plan).Select(predictor => OnUniformGrid(tensor, values, allowed, plan with { Predictor = predictor }, ordinal));
        Encoding? bounded = attempts.OfType<Encoding>().MinBy(Cost);
        if (bounded is null) warnings.Add($"tensor '{tensor.Name}': no grid of levels keeps {bound}, so it is stored exactly");
        return bounded is null ? exact : Smaller(exact, bounded);
    }

    private Encoding? OnUniformGrid(Tensor tensor, float[] values, double allowed, TensorPlan plan, int ordinal)
    {
        ErrorBoundCheck check = new(constant: allowed, share: 0);
        double rounding = RoundingOf(tensor.ElementType) * LargestMagnitude(values);

        // Rounding matters only where the bound is near the spacing of the numbers, so it is left room for only if the check asks for it. With half the bound
        // there is room whatever the spacing: where it is wide, rounding gives the weight itself.
        foreach (double widest in (ReadOnlySpan<double>)[2 * allowed, 2 * (allowed - rounding), allowed])
        {
            if (!(widest >= StepSize.FromQp(StepSize.MinQp(stream.Density), stream.Density))) continue;
            int qp = StepSize.ToQp(Math.Min(widest, float.MaxValue), stream.Density);
            double step = StepSize.FromQp(qp, stream.Density);
            double reach = Math.Max(step, widest - (2 * rounding)) / 2;
            LevelRule rule = LevelRule.Uniform(qp, dependent: false, stream.Density);
            Encoding? encoding = plan.Predictor == Predictor.Zero
                ? Unpredicted(tensor, values, rule, reach, check, plan, ordinal)
                : Predicted(tensor, values, rule, reach, check, plan, ordinal);
            if (encoding is not null) return encoding with { Report = encoding.Report with { Qp = qp, StepSize = step } };
        }

        return null;
    }

    private Encoding? Unpredicted(Tensor tensor, float[] values, LevelRule rule, double reach, ErrorBoundCheck check, TensorPlan plan, int ordinal)
    {
        if (TryLevels(values, (weights, levels) => ErrorBoundedQuantizer.TryQuantize(weights, rule.Step, reach, levels)) is not { } levels) return null;
        return BoundedLevels(tensor, values, new LevelTensor(tensor.Name, tensor.Shape, levels, rule), Restore(levels, rule.Reconstruct), check, plan, ordinal);
    }

    private Encoding? Predicted(Tensor tensor, float[] values, LevelRule rule, double reach, ErrorBoundCheck check, TensorPlan plan, int ordinal)
    {
        int[] levels = GC.AllocateUninitializedArray<int>(values.Length);
        float[] decoded = GC.AllocateUninitializedArray<float>(values.Length);
        PredictedGrid grid = new(plan.Predictor, new PredictionLayout(tensor.Shape), rule.Step);
        if (grid.TryQuantize(values, reach, levels, decoded, parallel.CancellationToken) is not { } planes) return null;
        LevelTensor coded = new(StreamNames.OfPredicted(tensor.Name, plan.Predictor), tensor.Shape, levels, rule);
        Encoding? encoding = BoundedLevels(tensor, values, coded, decoded, check, plan, ordinal);
        if (encoding is null || planes.Length == 0) return encoding;
        LevelTensor side = new(tensor.Name + StreamNames.Planes, new TensorShape(planes.Length), planes, LevelRule.Integer);
        EncodedUnit unit = EncodeLevels(side, new TensorPlan { Name = side.Name, Method = TensorMethod.Integer }, tensorCount + 1 + ordinal).Unit;
        return encoding with { Side = unit, Report = encoding.Report with { Bytes = encoding.Report.Bytes + unit.ByteCount } };
    }

    private static Predictor[] PredictorsOf(TensorPlan plan) => plan.Predictor == Predictor.Auto ? [Predictor.Zero, Predictor.Lorenzo, Predictor.Regression] : [plan.Predictor];

    private Encoding? OnLogarithmicGrid(Tensor tensor, float[] values, double share, TensorPlan plan, int ordinal)
    {
        ErrorBoundCheck check = new(constant: 0, share);
        float largest = LargestMagnitude(values);

        // With half the bound there is room for rounding whatever the spacing of the numbers, which is wide among the least.
        foreach (double widest in (ReadOnlySpan<double>)[share - RoundingOf(tensor.ElementType), share / 2])
        {
            if (!StreamNames.TryNameGrid(tensor.Name, widest, largest == 0 ? 1 : largest, out string? name, out LogarithmicGrid? grid)) continue;
            if (TryLevels(values, (weights, levels) => grid.TryQuantize(weights, share, levels)) is { } levels
                && BoundedLevels(tensor, values, new LevelTensor(name, tensor.Shape, levels, LevelRule.Integer), Restore(levels, grid.Reconstruct), check, plan, ordinal) is { } encoding)
                return encoding;
        }

        return null;
    }

    // Relative to the number: half the distance to its neighbour, at most.
    private static double RoundingOf(ElementType type) => type switch
    {
        ElementType.Float16 => SingleRounding + (1.0 / (1 << 11)),
        ElementType.BFloat16 => SingleRounding + (1.0 / (1 << 8)),
        _ => SingleRounding,
    };

    private static float LargestMagnitude(float[] values) => values.Length == 0 ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude<float>(values));

    private delegate bool LevelFinder(ReadOnlySpan<float> weights, Span<int> levels);

    private delegate void LevelRestorer(ReadOnlySpan<int> levels, Span<float> values);

    private int[]? TryLevels(float[] values, LevelFinder find)
    {
        int[] levels = GC.AllocateUninitializedArray<int>(values.Length);
        bool areFound = true;
        ForEachPiece(values.Length, range =>
        {
            if (!find(values.AsSpan(range), levels.AsSpan(range))) Volatile.Write(ref areFound, false);
        });
        return areFound ? levels : null;
    }

    private float[] Restore(int[] levels, LevelRestorer restore)
    {
        float[] decoded = GC.AllocateUninitializedArray<float>(levels.Length);
        ForEachPiece(levels.Length, range => restore(levels.AsSpan(range), decoded.AsSpan(range)));
        return decoded;
    }

    // Null where a value that the decoder will make of the levels breaks the bound.
    private Encoding? BoundedLevels(Tensor tensor, float[] values, LevelTensor coded, float[] decoded, ErrorBoundCheck check, TensorPlan plan, int ordinal)
    {
        if (!check.Holds(tensor, decoded, parallel.CancellationToken)) return null;
        (EncodedUnit unit, TensorPlan decided) = EncodeLevels(coded, plan, ordinal);
        TensorReport report = Report(tensor, plan.Method, unit, error: QuantizationError.Between(values, decoded));
        return new Encoding(decided, unit, report with { ErrorBound = plan.ErrorBound, Predictor = plan.Predictor });
    }
}
