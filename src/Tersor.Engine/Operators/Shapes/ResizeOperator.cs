using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// Resamples along every axis: <c>nearest</c> (unless said) or <c>linear</c>, by factors (<c>scales</c>) or to given <c>sizes</c>, with the coordinate
/// transformations half_pixel (unless said), pytorch_half_pixel, align_corners and asymmetric. Opset 10 knows scales only, and asymmetric nearest with floor.
/// </summary>
internal sealed class ResizeOperator : Operator
{
    private readonly long _operatorSet;
    private readonly bool _isLinear;
    private readonly string _transformation;
    private readonly string _nearest;
    private readonly List<Pass> _passes = [];

    public ResizeOperator(OnnxNode node, long operatorSet)
        : base(node)
    {
        _operatorSet = operatorSet;
        string mode = node.Text("mode", "nearest");
        _isLinear = mode is "linear" or "bilinear";
        _transformation = operatorSet < 11 ? "asymmetric" : node.Text("coordinate_transformation_mode", "half_pixel");
        _nearest = operatorSet < 11 ? "floor" : node.Text("nearest_mode", "round_prefer_floor");
        if (!_isLinear && mode != "nearest") throw node.Refuse($"mode = '{mode}' is not one of nearest, linear");
        if (_transformation is not ("half_pixel" or "pytorch_half_pixel" or "align_corners" or "asymmetric"))
            throw node.Refuse($"coordinate_transformation_mode = '{_transformation}' is not one of half_pixel, pytorch_half_pixel, align_corners, asymmetric");
        if (_nearest is not ("round_prefer_floor" or "round_prefer_ceil" or "floor" or "ceil"))
            throw node.Refuse($"nearest_mode = '{_nearest}' is not one of round_prefer_floor, round_prefer_ceil, floor, ceil");
        if (node.Flag("antialias")) throw node.Refuse("antialias = 1");
        if (node.Text("keep_aspect_ratio_policy", "stretch") != "stretch") throw node.Refuse("keep_aspect_ratio_policy other than stretch");
    }

    public override bool HasBackward => true;

    public override bool BackwardReadsInput(int input) => false;

    public override bool BackwardReadsOutput(int output) => false;

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0);
        TensorShape input = context.ShapeOf(0);
        (long[] output, float[] scales) = OutputSizes(context, input);
        context.SetOutput(0, ElementType.Float32, ShapeArithmetic.Shape(context, output));
        _passes.Clear();
        long[] current = input.Dimensions.ToArray();
        for (int axis = 0; axis < current.Length; axis++)
        {
            if (current[axis] == output[axis] && scales[axis] == 1) continue;
            int outer = (int)new TensorShape(current.AsSpan(0, axis)).ElementCount;
            int inner = (int)new TensorShape(current.AsSpan(axis + 1)).ElementCount;
            _passes.Add(MakePass(outer, (int)current[axis], (int)output[axis], inner, scales[axis]));
            current[axis] = output[axis];
        }

        // Two buffers take turns between the first and the last pass.
        long largest = 0;
        foreach (Pass pass in _passes) largest = Math.Max(largest, Math.Max(pass.InputLength, pass.OutputLength));
        if (_passes.Count > 1) context.ReserveScratch(2 * largest);
    }

    public override void Forward(OperatorContext context)
    {
        ReadOnlySpan<float> from = context.Singles(0);
        if (_passes.Count == 0) from.CopyTo(context.OutputSingles(0));
        for (int i = 0; i < _passes.Count; i++)
        {
            Span<float> to = i == _passes.Count - 1 ? context.OutputSingles(0) : Half(context, i);
            _passes[i].Forward(from, to);
            from = to[.._passes[i].OutputLength];
        }
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> from = context.OutputGradient(0);
        if (_passes.Count == 0) from.CopyTo(context.InputGradient(0));
        for (int i = _passes.Count - 1; i >= 0; i--)
        {
            Span<float> to = i == 0 ? context.InputGradient(0) : Half(context, i);
            _passes[i].Backward(from, to);
            from = to[.._passes[i].InputLength];
        }
    }

    private static Span<float> Half(OperatorContext context, int pass)
    {
        int length = context.Scratch.Length / 2;
        return context.Scratch.Slice((pass & 1) * length, length);
    }

    private (long[] Sizes, float[] Scales) OutputSizes(OperatorContext context, TensorShape input)
    {
        int scalesInput = _operatorSet < 11 ? 1 : 2;
        long[]? axes = _operatorSet >= 18 ? Node.Ints("axes") : null;
        int[] places = axes is null ? [.. Enumerable.Range(0, input.Rank)] : Array.ConvertAll(axes, axis => context.Axis(axis, input.Rank));
        long[] sizes = input.Dimensions.ToArray();
        float[] scales = new float[input.Rank];
        Array.Fill(scales, 1f);
        if (context.HasInput(3) && _operatorSet >= 11)
        {
            long[] wanted = context.IntegersOf(3, "sizes");
            if (wanted.Length != places.Length) throw context.Malformed($"{wanted.Length} sizes for {places.Length} axes");
            for (int i = 0; i < places.Length; i++)
            {
                if (wanted[i] is <= 0 or > int.MaxValue) throw context.Malformed($"a size of {wanted[i]}");
                sizes[places[i]] = wanted[i];
                scales[places[i]] = (float)wanted[i] / input[places[i]];
            }

            return (sizes, scales);
        }

        Graphs.DenseTensor factors = context.ConstantOf(scalesInput) ?? throw context.Unsupported("its scales depend on the data");
        if (factors.Singles.Length != places.Length) throw context.Malformed($"{factors.Singles.Length} scales for {places.Length} axes");
        for (int i = 0; i < places.Length; i++)
        {
            float scale = factors.Singles[i];
            double size = Math.Floor(input[places[i]] * (double)scale);
            if (!(scale > 0) || size is < 1 or > int.MaxValue) throw context.Malformed($"a scale of {scale} for {input[places[i]]} elements");
            sizes[places[i]] = (long)size;
            scales[places[i]] = scale;
        }

        return (sizes, scales);
    }

    private Pass MakePass(int outer, int inputSize, int outputSize, int inner, float scale)
    {
        int[] lower = new int[outputSize];
        int[] upper = new int[outputSize];
        float[] weights = new float[outputSize];
        for (int i = 0; i < outputSize; i++)
        {
            float place = _transformation switch
            {
                "asymmetric" => i / scale,
                "align_corners" => outputSize == 1 ? 0 : i * (float)(inputSize - 1) / (outputSize - 1),
                "pytorch_half_pixel" when outputSize == 1 => 0,
                _ => ((i + 0.5f) / scale) - 0.5f,
            };
            if (_isLinear)
            {
                float clamped = Math.Clamp(place, 0, inputSize - 1);
                lower[i] = Math.Min((int)clamped, inputSize - 1);
                upper[i] = Math.Min(lower[i] + 1, inputSize - 1);
                weights[i] = clamped - lower[i];
            }
            else
            {
                float rounded = _nearest switch
                {
                    "floor" => MathF.Floor(place),
                    "ceil" => MathF.Ceiling(place),
                    "round_prefer_ceil" => MathF.Floor(place + 0.5f),
                    _ => MathF.Ceiling(place - 0.5f),
                };
                lower[i] = upper[i] = (int)Math.Clamp(rounded, 0, inputSize - 1);
            }
        }

        return new Pass(outer, inputSize, outputSize, inner, lower, upper, weights);
    }

    /// <summary>Resampling along one axis: each output place is a mix of two input places.</summary>
    private sealed class Pass(int outer, int inputSize, int outputSize, int inner, int[] lower, int[] upper, float[] weights)
    {
        public int InputLength => outer * inputSize * inner;

        public int OutputLength => outer * outputSize * inner;

        public void Forward(ReadOnlySpan<float> x, Span<float> y)
        {
            for (int o = 0; o < outer; o++)
            {
                for (int i = 0; i < outputSize; i++)
                {
                    ReadOnlySpan<float> low = x.Slice(((o * inputSize) + lower[i]) * inner, inner);
                    ReadOnlySpan<float> high = x.Slice(((o * inputSize) + upper[i]) * inner, inner);
                    Span<float> to = y.Slice(((o * outputSize) + i) * inner, inner);
                    float weight = weights[i];
                    for (int k = 0; k < inner; k++) to[k] = weight == 0 ? low[k] : (low[k] * (1 - weight)) + (high[k] * weight);
                }
            }
        }

        public void Backward(ReadOnlySpan<float> gradient, Span<float> result)
        {
            result[..InputLength].Clear();
            for (int o = 0; o < outer; o++)
            {
                for (int i = 0; i < outputSize; i++)
                {
                    ReadOnlySpan<float> from = gradient.Slice(((o * outputSize) + i) * inner, inner);
                    Span<float> low = result.Slice(((o * inputSize) + lower[i]) * inner, inner);
                    Span<float> high = result.Slice(((o * inputSize) + upper[i]) * inner, inner);
                    float weight = weights[i];
                    for (int k = 0; k < inner; k++)
                    {
                        low[k] += from[k] * (1 - weight);
                        if (weight != 0) high[k] += from[k] * weight;
                    }
                }
            }
        }
    }
}
