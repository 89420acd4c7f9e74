using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// <c>Y = alpha op(A) op(B) + beta C</c>, C being broadcast; <c>alpha</c> and <c>beta</c> are 1, <c>transA</c> and <c>transB</c> 0 unless said. At inference
/// with the activation that follows.
/// </summary>
internal sealed class GemmOperator(OnnxNode node) : Operator(node), IRowOperator, IHoldingOperator
{
    private readonly float _alpha = node.Float("alpha", 1f);
    private readonly float _beta = node.Float("beta", 1f);
    private readonly bool _transposeA = node.Flag("transA");
    private readonly bool _transposeB = node.Flag("transB");
    private int _m;
    private int _n;
    private int _k;
    private int _strideA;
    private int _strideB;
    private bool _biasIsRow;
    private StridedLoop? _broadcast;
    private StridedLoop? _reduce;
    private Activation _activation;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => true;

    public override bool BackwardReadsOutput(int output) => false;

    public override bool BackwardReadsInput(int input) => input < 2;

    public override long MultiplyAdds(OperatorContext context) => (long)_m * _n * _k;

    public override bool TryFuse(Activation activation)
    {
        if (_activation.Kind != ActivationKind.None || (_broadcast is not null && !_biasIsRow) || _alpha != 1 || _beta != 1) return false;
        _activation = activation;
        return true;
    }

    public override void InferTypes(OperatorContext context)
    {
        context.RequireSingle(0, 1, 2);
        (TensorShape a, TensorShape b) = (context.ShapeOf(0), context.ShapeOf(1));
        if (a.Rank != 2 || b.Rank != 2) throw context.Malformed($"matrices of {a} and {b}");
        (_m, _k) = _transposeA ? ((int)a[1], (int)a[0]) : ((int)a[0], (int)a[1]);
        (int k, _n) = _transposeB ? ((int)b[1], (int)b[0]) : ((int)b[0], (int)b[1]);
        if (_k != k) throw context.Malformed($"matrices of {a} and {b} (transA {_transposeA}, transB {_transposeB}) do not fit each other");
        (_strideA, _strideB) = (Math.Max(1, (int)a[1]), Math.Max(1, (int)b[1]));
        TensorShape result = new(_m, _n);
        if (context.HeldOf(1) is { } held) context.ReserveScratch(HeldProduct.ScratchLength(held.Groups[0], _m));
        context.SetOutput(0, ElementType.Float32, result);
        if (!context.HasInput(2)) return;
        TensorShape c = context.ShapeOf(2);
        if (c.Rank > 2 || ShapeArithmetic.TryBroadcast(c, result) != result) throw context.Malformed($"a summand of {c} cannot be broadcast to {result}");
        _biasIsRow = c.ElementCount == _n && (c.Rank == 1 || c[0] == 1);
        _broadcast = StridedLoop.Broadcast(c, result);
        _reduce = StridedLoop.Reduce(result, c);
    }

    // A summand of another shape than a row is added by the general product alone.
    public WeightLayout? LayoutOf(TensorShape weight) =>
        weight.Rank == 2 && _alpha == 1 && _beta == 1 && !_transposeA ? new WeightLayout(1, (int)weight[0], (int)weight[1], IsTransposed: !_transposeB) : null;

    public int RowGroups => _transposeA ? 0 : 1;

    public bool HasColumns => !_transposeB;

    public int RowLength => _k;

    public int PlacesPerSample => 1;

    public void WriteInputs(OperatorContext context, int sample, int group, Span<float> inputs, int stride)
    {
        ReadOnlySpan<float> row = context.Singles(0).Slice(sample * _k, _k);
        for (int i = 0; i < row.Length; i++) inputs[i * stride] = row[i];
    }

    public override void Forward(OperatorContext context)
    {
        Span<float> y = context.OutputSingles(0);
        if (context.HeldOf(1) is { } held)
        {
            ReadOnlySpan<float> bias = _biasIsRow ? context.Singles(2) : [];
            HeldProduct.Multiply(held.Groups[0], _m, context.Singles(0), bias, _activation, y, context.Scratch, context.Threads);
            if (_broadcast is not null && !_biasIsRow) _broadcast.Add(context.Singles(2), y);
            return;
        }

        if (_alpha == 1 && _beta == 1 && (_broadcast is null || _biasIsRow))
        {
            MatrixProduct.MultiplyWithBias(
                _m, _n, _k, context.Singles(0), _strideA, _transposeA, context.Singles(1), _strideB, _transposeB,
                _broadcast is null ? [] : context.Singles(2), _activation, y, _n, context.Threads);
            return;
        }

        if (_broadcast is not null)
        {
            _broadcast.Copy(context.Singles(2), y);
            if (_beta != 1) System.Numerics.Tensors.TensorPrimitives.Multiply(y, _beta, y);
        }

        MatrixProduct.Multiply(
            _m, _n, _k, context.Singles(0), _strideA, _transposeA, context.Singles(1), _strideB, _transposeB, y, _n, _alpha, _broadcast is null ? 0 : 1, context.Threads);
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        if (context.WantsGradient(0))
        {
            Span<float> result = context.InputGradient(0);
            if (_transposeA) MatrixProduct.Multiply(_k, _m, _n, context.Singles(1), _strideB, _transposeB, gradient, _n, true, result, _strideA, _alpha, 0, context.Threads);
            else MatrixProduct.Multiply(_m, _k, _n, gradient, _n, false, context.Singles(1), _strideB, !_transposeB, result, _strideA, _alpha, 0, context.Threads);
        }

        if (context.WantsGradient(1))
        {
            Span<float> result = context.InputGradient(1);
            if (_transposeB) MatrixProduct.Multiply(_n, _k, _m, gradient, _n, true, context.Singles(0), _strideA, _transposeA, result, _strideB, _alpha, 0, context.Threads);
            else MatrixProduct.Multiply(_k, _n, _m, context.Singles(0), _strideA, !_transposeA, gradient, _n, false, result, _strideB, _alpha, 0, context.Threads);
        }

        if (!context.WantsGradient(2)) return;
        Span<float> bias = context.InputGradient(2);
        bias.Clear();
        _reduce!.Add(gradient, bias);
        if (_beta != 1) System.Numerics.Tensors.TensorPrimitives.Multiply(bias, _beta, bias);
    }
}
