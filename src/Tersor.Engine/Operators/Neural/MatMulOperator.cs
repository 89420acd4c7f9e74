using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>The matrix product of the last two dimensions, the others broadcast; a vector counts as one row on the left and one column on the right.</summary>
internal sealed class MatMulOperator(OnnxNode node) : Operator(node), IRowOperator, IHoldingOperator
{
    private int _m;
    private int _n;
    private int _k;
    private int[] _leftOffsets = [];
    private int[] _rightOffsets = [];
    private bool _sharesRight;
    private int _samples;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override bool BackwardReadsOutput(int output) => false;

    public override long MultiplyAdds(OperatorContext context) => (long)_m * _n * _k * _leftOffsets.Length;

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0, 1);
        (TensorShape left, TensorShape right) = (context.ShapeOf(0), context.ShapeOf(1));
        if (left.Rank == 0 || right.Rank == 0) throw context.Malformed($"a product of {left} and {right}");
        _k = (int)left[left.Rank - 1];
        _m = left.Rank == 1 ? 1 : (int)left[left.Rank - 2];
        _n = right.Rank == 1 ? 1 : (int)right[right.Rank - 1];
        if (_k != right[Math.Max(0, right.Rank - 2)]) throw context.Malformed($"matrices of {left} and {right} do not fit each other");
        TensorShape leftBatch = new(left.Dimensions[..Math.Max(0, left.Rank - 2)]);
        TensorShape rightBatch = new(right.Dimensions[..Math.Max(0, right.Rank - 2)]);
        TensorShape batch = ShapeArithmetic.Broadcast(context, leftBatch, rightBatch);
        List<long> dimensions = [.. batch.Dimensions];
        if (left.Rank > 1) dimensions.Add(_m);
        if (right.Rank > 1) dimensions.Add(_n);
        context.SetOutput(0, ElementType.Float32, new TensorShape([.. dimensions]));

        _samples = left.Rank < 2 || right.Rank != 2 ? 0 : (int)left[0];

        // A weight that all images share makes one large product out of many small ones.
        _sharesRight = rightBatch.ElementCount == 1 && leftBatch.ElementCount == batch.ElementCount;
        if (_sharesRight)
        {
            _m = checked((int)(_m * batch.ElementCount));
            (_leftOffsets, _rightOffsets) = ([0], [0]);
            if (context.HeldOf(1) is { } held) context.ReserveScratch(HeldProduct.ScratchLength(held.Groups[0], _m));
        }
        else
        {
            _leftOffsets = Offsets(leftBatch, batch, _m * _k);
            _rightOffsets = Offsets(rightBatch, batch, _k * _n);
        }
    }

    public WeightLayout? LayoutOf(TensorShape weight) => weight.Rank == 2 ? new WeightLayout(1, (int)weight[0], (int)weight[1], IsTransposed: true) : null;

    public int RowGroups => _sharesRight && _samples > 0 ? 1 : 0;

    public bool HasColumns => true;

    public int RowLength => _k;

    public int PlacesPerSample => _m / _samples;

    public void WriteInputs(OperatorContext context, int sample, int group, Span<float> inputs, int stride)
    {
        int places = PlacesPerSample;
        ReadOnlySpan<float> rows = context.Singles(0).Slice(sample * places * _k, places * _k);
        for (int place = 0; place < places; place++)
        {
            for (int i = 0; i < _k; i++) inputs[(i * stride) + place] = rows[(place * _k) + i];
        }
    }

    public override void Forward(OperatorContext context)
    {
        Span<float> y = context.OutputSingles(0);
        if (context.HeldOf(1) is { } held)
        {
            HeldProduct.Multiply(held.Groups[0], _m, context.Singles(0), [], Activation.None, y, context.Scratch, context.Threads);
            return;
        }

        for (int i = 0; i < _leftOffsets.Length; i++)
        {
            MatrixProduct.Multiply(
                _m, _n, _k, context.Singles(0)[_leftOffsets[i]..], Math.Max(1, _k), false, context.Singles(1)[_rightOffsets[i]..], Math.Max(1, _n), false,
                y[(i * _m * _n)..], Math.Max(1, _n), 1, 0, context.Threads);
        }
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        if (context.WantsGradient(0))
        {
            Span<float> result = context.InputGradient(0);
            result.Clear();
            for (int i = 0; i < _leftOffsets.Length; i++)
            {
                MatrixProduct.Multiply(
                    _m, _k, _n, gradient[(i * _m * _n)..], Math.Max(1, _n), false, context.Singles(1)[_rightOffsets[i]..], Math.Max(1, _n), true,
                    result[_leftOffsets[i]..], Math.Max(1, _k), 1, 1, context.Threads);
            }
        }

        if (context.WantsGradient(1))
        {
            Span<float> result = context.InputGradient(1);
            result.Clear();
            for (int i = 0; i < _leftOffsets.Length; i++)
            {
                MatrixProduct.Multiply(
                    _k, _n, _m, context.Singles(0)[_leftOffsets[i]..], Math.Max(1, _k), true, gradient[(i * _m * _n)..], Math.Max(1, _n), false,
                    result[_rightOffsets[i]..], Math.Max(1, _n), 1, 1, context.Threads);
            }
        }
    }

    private static int[] Offsets(TensorShape own, TensorShape batch, int matrix)
    {
        long[] index = new long[own.ElementCount];
        for (int i = 0; i < index.Length; i++) index[i] = (long)i * matrix;
        long[] offsets = new long[batch.ElementCount];
        StridedLoop.Broadcast(own, batch).Copy<long>(index, offsets);
        return Array.ConvertAll(offsets, offset => checked((int)offset));
    }
}
