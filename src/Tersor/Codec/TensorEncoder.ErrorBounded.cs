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

    // The values are read anew for each step of the way: none are held while levels are coded, which takes the room.
    private Encoding ErrorBounded(Tensor tensor, TensorPlan plan, int ordinal, List<string> warnings)
    {
        if (HasNoStep(tensor, warnings)) return Raw(tensor, plan, ordinal);
        ErrorBound bound = plan.ErrorBound!;
        double allowed = bound.Mode == ErrorBoundMode.Relative ? bound.Value * ErrorBoundCheck.RangeOf(tensor, parallel.CancellationToken) : bound.Value;
        Encoding exact = Lossless(tensor, Exact(plan, TensorMethod.Lossless), ordinal);
        if (allowed == 0) return exact;
        Encoding? best = null;
        foreach (Predictor predictor in PredictorsOf(plan))
        {
            BoundedLevels? found = bound.Mode == ErrorBoundMode.Pointwise ? OnLogarithmicGrid(tensor, allowed) : OnUniformGrid(tensor, allowed, predictor);
            if (found is null) continue;
            Encoding encoding = EncodeBounded(tensor, found, plan with { Predictor = predictor }, ordinal);
            best = best is null ? encoding : Smaller(best, encoding);
        }

        if (best is null) warnings.Add($"tensor '{tensor.Name}': no grid of levels keeps {bound}, so it is stored exactly");
        return best is null ? exact : Smaller(exact, best);
    }

    private bool HasNoStep(Tensor tensor, List<string> warnings) => HasNoStep(tensor, tensor.ReadSingles(parallel.CancellationToken), warnings);

    private Encoding EncodeBounded(Tensor tensor, BoundedLevels found, TensorPlan plan, int ordinal)
    {
        (EncodedUnit unit, TensorPlan decided) = EncodeLevels(found.Coded, plan, ordinal);
        EncodedUnit? side = found.Planes is { } planes
            ? EncodeLevels(planes, new TensorPlan { Name = planes.Name, Method = TensorMethod.Integer }, tensorCount + 1 + ordinal).Unit
            : null;
        LevelRule rule = found.Coded.Rule;
        TensorReport report = rule.Kind == LevelKind.Uniform
            ? Report(tensor, plan.Method, unit, rule.Qp, rule.Step, found.Error)
            : Report(tensor, plan.Method, unit, error: found.Error);
        report = report with { ErrorBound = plan.ErrorBound, Predictor = plan.Predictor, Bytes = unit.ByteCount + (side?.ByteCount ?? 0) };
        return new Encoding(decided, unit, report, Side: side);
    }

    private BoundedLevels? OnUniformGrid(Tensor tensor, double allowed, Predictor predictor)
    {
        float[] values = tensor.ReadSingles(parallel.CancellationToken);
        ErrorBoundCheck check = new(constant: allowed, share: 0);
        double rounding = RoundingOf(tensor.ElementType) * LargestMagnitude(values);

        // Rounding matters only where the bound is near the spacing of the numbers, so it is left room for only if the check asks for it. With half the bound
        // there is room whatever the spacing: where it is wide, rounding gives the weight itself.
        foreach (double widest in (ReadOnlySpan<double>)[2 * allowed, 2 * (allowed - rounding), allowed])
        {
            if (!(widest >= StepSize.FromQp(StepSize.MinQp(stream.Density), stream.Density))) continue;
            int qp = StepSize.ToQp(Math.Min(widest, float.MaxValue), stream.Density);
            LevelRule rule = LevelRule.Uniform(qp, dependent: false, stream.Density);
            double reach = Math.Max(rule.Step, widest - (2 * rounding)) / 2;
            BoundedLevels? found = predictor == Predictor.Zero
                ? Unpredicted(tensor, values, rule, reach, check)
                : Predicted(tensor, values, predictor, rule, reach, check);
            if (found is not null) return found;
        }

        return null;
    }

    private BoundedLevels? Unpredicted(Tensor tensor, float[] values, LevelRule rule, double reach, ErrorBoundCheck check) =>
        TryLevels(values, (weights, levels) => ErrorBoundedQuantizer.TryQuantize(weights, rule.Step, reach, levels)) is { } levels
            ? Checked(tensor, values, new LevelTensor(tensor.Name, tensor.Shape, levels, rule), Restore(levels, rule.Reconstruct), check)
            : null;

    private BoundedLevels? Predicted(Tensor tensor, float[] values, Predictor predictor, LevelRule rule, double reach, ErrorBoundCheck check)
    {
        int[] levels = GC.AllocateUninitializedArray<int>(values.Length);
        float[] decoded = GC.AllocateUninitializedArray<float>(values.Length);
        PredictedGrid grid = new(predictor, new PredictionLayout(tensor.Shape), rule.Step);
        if (grid.TryQuantize(values, reach, levels, decoded, parallel.CancellationToken) is not { } planes) return null;
        LevelTensor coded = new(StreamNames.OfPredicted(tensor.Name, predictor), tensor.Shape, levels, rule);
        BoundedLevels? found = Checked(tensor, values, coded, decoded, check);
        if (found is null || planes.Length == 0) return found;
        return found with { Planes = new LevelTensor(tensor.Name + StreamNames.Planes, new TensorShape(planes.Length), planes, LevelRule.Integer) };
    }

    private static Predictor[] PredictorsOf(TensorPlan plan) => plan.Predictor == Predictor.Auto ? [Predictor.Zero, Predictor.Lorenzo, Predictor.Regression] : [plan.Predictor];

    private BoundedLevels? OnLogarithmicGrid(Tensor tensor, double share)
    {
        float[] values = tensor.ReadSingles(parallel.CancellationToken);
        ErrorBoundCheck check = new(constant: 0, share);
        float largest = LargestMagnitude(values);

        // With half the bound there is room for rounding whatever the spacing of the numbers, which is wide among the least.
        foreach (double widest in (ReadOnlySpan<double>)[share - RoundingOf(tensor.ElementType), share / 2])
        {
            if (!StreamNames.TryNameGrid(tensor.Name, widest, largest == 0 ? 1 : largest, out string? name, out LogarithmicGrid? grid)) continue;
            if (TryLevels(values, (weights, levels) => grid.TryQuantize(weights, share, levels)) is { } levels
                && Checked(tensor, values, new LevelTensor(name, tensor.Shape, levels, LevelRule.Integer), Restore(levels, grid.Reconstruct), check) is { } found)
                return found;
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
    private BoundedLevels? Checked(Tensor tensor, float[] values, LevelTensor coded, float[] decoded, ErrorBoundCheck check) =>
        check.Holds(tensor, decoded, parallel.CancellationToken) ? new BoundedLevels(coded, null, ErrorOf(tensor, values, decoded)) : null;

    // Levels whose values were found to keep the bound, and what is needed to undo their prediction.
    private sealed record BoundedLevels(LevelTensor Coded, LevelTensor? Planes, QuantizationError Error);
}
