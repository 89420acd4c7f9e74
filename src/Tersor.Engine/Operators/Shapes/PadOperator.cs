using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// Adds elements before and after each axis, or removes them where the padding is negative: a constant (0 unless said), the edge, or the reflection. Pads and
/// value are attributes before opset 11 and inputs from then on; axes come with opset 18.
/// </summary>
internal sealed class PadOperator : Operator
{
    private readonly long _operatorSet;
    private readonly string _mode;
    private int[] _sources = [];

    public PadOperator(OnnxNode node, long operatorSet)
        : base(node)
    {
        _operatorSet = operatorSet;
        _mode = node.Text("mode", "constant");
        if (_mode is not ("constant" or "edge" or "reflect")) throw node.Refuse($"mode = '{_mode}' is not one of constant, edge, reflect");
    }

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        TensorShape input = context.ShapeOf(0);
        long[] pads = AllPads(context, input);
        long[] output = new long[input.Rank];
        for (int i = 0; i < output.Length; i++)
        {
            output[i] = checked(input[i] + pads[i] + pads[i + output.Length]);
            if (output[i] < 0) throw context.Malformed($"pads [{string.Join(", ", pads)}] leave nothing of {input}");
        }

        TensorShape shape = ShapeArithmetic.Shape(context, output);
        context.SetOutput(0, context.TypeOf(0), shape);
        _sources = new int[(int)shape.ElementCount];
        MapPlaces(context, input, output, pads);
    }

    public override void Forward(OperatorContext context)
    {
        if (context.TypeOf(0) == ElementType.Float32)
        {
            float value = _operatorSet >= 11 ? context.HasInput(2) ? context.Singles(2)[0] : 0 : Node.Float("value", 0);
            Move(context.Singles(0), context.OutputSingles(0), value);
        }
        else
        {
            Move(context.Integers(0), context.OutputIntegers(0), context.HasInput(2) ? context.Integers(2)[0] : 0);
        }
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        Span<float> result = context.InputGradient(0);
        result.Clear();
        for (int i = 0; i < _sources.Length; i++)
        {
            if (_sources[i] >= 0) result[_sources[i]] += gradient[i];
        }
    }

    private void Move<T>(ReadOnlySpan<T> x, Span<T> y, T value)
    {
        for (int i = 0; i < y.Length; i++) y[i] = _sources[i] >= 0 ? x[_sources[i]] : value;
    }

    private long[] AllPads(OperatorContext context, TensorShape input)
    {
        long[] pads = (_operatorSet >= 11 ? context.IntegersOf(1, "pads") : Node.Ints("pads")) ?? throw context.Malformed("has no pads");
        long[]? axes = _operatorSet >= 18 && context.HasInput(3) ? context.IntegersOf(3, "axes") : null;
        if (pads.Length != 2 * (axes?.Length ?? input.Rank)) throw context.Malformed($"{pads.Length} pads for an input of {input}");
        if (axes is null) return pads;
        long[] all = new long[2 * input.Rank];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = context.Axis(axes[i], input.Rank);
            (all[axis], all[axis + input.Rank]) = (pads[i], pads[i + axes.Length]);
        }

        return all;
    }

    /// <summary>Notes for each output element which input element it is; -1 for the constant.</summary>
    private void MapPlaces(OperatorContext context, TensorShape input, long[] output, long[] pads)
    {
        long[] strides = StridedLoop.StridesOf(input.Dimensions);
        int[][] places = new int[output.Length][];
        for (int axis = 0; axis < output.Length; axis++)
        {
            places[axis] = new int[(int)output[axis]];
            for (int i = 0; i < places[axis].Length; i++)
            {
                long place = Place(context, i - pads[axis], input[axis]);
                places[axis][i] = place < 0 ? -1 : (int)(place * strides[axis]);
            }
        }

        int[] counters = new int[output.Length];
        for (int at = 0; at < _sources.Length; at++)
        {
            int source = 0;
            for (int axis = 0; axis < counters.Length && source >= 0; axis++)
            {
                int part = places[axis][counters[axis]];
                source = part < 0 ? -1 : source + part;
            }

            _sources[at] = source;
            for (int axis = counters.Length - 1; axis >= 0 && ++counters[axis] == output[axis]; axis--) counters[axis] = 0;
        }
    }

    private long Place(OperatorContext context, long place, long size)
    {
        if (place >= 0 && place < size) return place;
        if (_mode == "constant") return -1;
        if (size == 0) throw context.Malformed("an empty axis has no edge to repeat");
        if (_mode == "edge") return Math.Clamp(place, 0, size - 1);
        if (size == 1) return 0;
        long period = 2 * (size - 1);
        long folded = ((place % period) + period) % period;
        return folded < size ? folded : period - folded;
    }
}
