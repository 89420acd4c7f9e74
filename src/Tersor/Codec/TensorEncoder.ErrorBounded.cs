using Tersor.Models;
using Tersor.Nnc;
using Tersor.Plans;
using Tersor.Quantization;
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
        double allowed = bound.Mode switch
        {
            ErrorBoundMode.Relative => bound.Value * ErrorBoundCheck.RangeOf(tensor, parallel.CancellationToken),
            _ => bound.Value,
        };
        if (allowed == 0) return Lossless(tensor, Exact(plan, TensorMethod.Lossless), ordinal);
        Encoding? bounded = bound.Mode == ErrorBoundMode.Pointwise
            ? OnLogarithmicGrid(tensor, values, allowed, plan, ordinal)
            : OnUniformGrid(tensor, values, allowed, plan, ordinal);
        if (bounded is null) warnings.Add($"tensor '{tensor.Name}': no grid of levels keeps {bound}, so it is stored exactly");
        else if (bounded.Report.Bytes < tensor.ByteLength) return bounded;
        Encoding exact = Lossless(tensor, Exact(plan, TensorMethod.Lossless), ordinal);
        return bounded is null ? exact : Smaller(exact, bounded);
    }

    private Encoding? OnUniformGrid(Tensor tensor, float[] values, double allowed, TensorPlan plan, int ordinal)
    {
        ErrorBoundCheck check = new(allowed, 0);
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
            if (TryLevels(values, (weights, levels) => ErrorBoundedQuantizer.TryQuantize(weights, step, reach, levels)) is { } levels
                && BoundedLevels(tensor, values, new LevelTensor(tensor.Name, tensor.Shape, levels, rule), rule.Reconstruct, check, plan, ordinal) is { } encoding)
                return encoding with { Report = encoding.Report with { Qp = qp, StepSize = step } };
        }

        return null;
    }

    private Encoding? OnLogarithmicGrid(Tensor tensor, float[] values, double share, TensorPlan plan, int ordinal)
    {
        ErrorBoundCheck check = new(0, share);
        float largest = LargestMagnitude(values);

        // With half the bound there is room for rounding whatever the spacing of the numbers, which is wide among the least.
        foreach (double widest in (ReadOnlySpan<double>)[share - RoundingOf(tensor.ElementType), share / 2])
        {
            if (!StreamNames.TryNameGrid(tensor.Name, widest, largest == 0 ? 1 : largest, out string? name, out LogarithmicGrid? grid)) continue;
            if (TryLevels(values, (weights, levels) => grid.TryQuantize(weights, share, levels)) is { } levels
                && BoundedLevels(tensor, values, new LevelTensor(name, tensor.Shape, levels, LevelRule.Integer), grid.Reconstruct, check, plan, ordinal) is { } encoding)
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

    // What the decoder will make of the levels is made here, and compared with the source value by value.
    private Encoding? BoundedLevels(Tensor tensor, float[] values, LevelTensor coded, LevelRestorer restore, ErrorBoundCheck check, TensorPlan plan, int ordinal)
    {
        float[] decoded = GC.AllocateUninitializedArray<float>(values.Length);
        ForEachPiece(values.Length, range => restore(coded.Levels.AsSpan(range), decoded.AsSpan(range)));
        if (!check.Holds(tensor, decoded, parallel.CancellationToken)) return null;
        (EncodedUnit unit, TensorPlan decided) = EncodeLevels(coded, plan, ordinal);
        TensorReport report = Report(tensor, plan.Method, unit, error: QuantizationError.Between(values, decoded));
        return new Encoding(decided, unit, report with { ErrorBound = plan.ErrorBound });
    }
}
