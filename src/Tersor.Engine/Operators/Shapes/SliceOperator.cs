using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// Takes from each named axis the elements from start to end, excluded, in steps that may be negative. Starts and ends are attributes before opset 10 and
/// inputs from then on.
/// </summary>
internal sealed class SliceOperator(OnnxNode node, long operatorSet) : MovementOperator(node)
{
    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        bool areInputs = operatorSet >= 10;
        long[] starts = (areInputs ? context.IntegersOf(1, "starts") : Node.Ints("starts")) ?? throw context.Malformed("has no starts");
        long[] ends = (areInputs ? context.IntegersOf(2, "ends") : Node.Ints("ends")) ?? throw context.Malformed("has no ends");
        long[] axes = (areInputs ? context.HasInput(3) ? context.IntegersOf(3, "axes") : null : Node.Ints("axes")) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        long[] steps = areInputs && context.HasInput(4) ? context.IntegersOf(4, "steps") : [.. Enumerable.Repeat(1L, starts.Length)];
        if (ends.Length != starts.Length || axes.Length != starts.Length || steps.Length != starts.Length)
            throw context.Malformed($"{starts.Length} starts, {ends.Length} ends, {axes.Length} axes and {steps.Length} steps");
        long[] own = StridedLoop.StridesOf(input.Dimensions);
        long[] from = [.. own];
        long[] output = input.Dimensions.ToArray();
        long start = 0;
        bool[] done = new bool[output.Length];
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = context.Axis(axes[i], input.Rank);
            if (done[axis]) throw context.Malformed($"axis {axis} is named twice");
            done[axis] = true;
            long size = input[axis];
            long step = steps[i];
            if (step == 0) throw context.Malformed("a step of 0");
            long first = Math.Clamp(starts[i] < 0 ? starts[i] + size : starts[i], 0, step > 0 ? size : Math.Max(0, size - 1));
            long last = Math.Clamp(ends[i] < 0 && ends[i] >= long.MinValue + size ? ends[i] + size : ends[i], step > 0 ? 0 : -1, size);
            output[axis] = step > 0 ? Math.Max(0, (last - first + step - 1) / step) : step < -size ? (first > last ? 1 : 0) : Math.Max(0, (first - last - step - 1) / -step);
            start += first * own[axis];
            from[axis] = output[axis] <= 1 ? 0 : checked(own[axis] * step);
        }

        context.SetOutput(0, context.TypeOf(0), new TensorShape(output));
        SetWalk(output, from, start, StridedLoop.StridesOf(output), 0);
    }
}
