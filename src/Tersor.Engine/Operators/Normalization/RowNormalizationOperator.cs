using System.Numerics.Tensors;
using Tersor.Engine.Kernels;
using Tersor.Models;
using Tersor.Models.Onnx;

namespace Tersor.Engine.Operators;

/// <summary>
/// What layer, instance and group normalization share: stretches of the input are brought to mean 0 and variance 1, then scaled and shifted by inputs 1 and 2,
/// of which one element serves a run of neighbours.
/// </summary>
internal abstract class RowNormalizationOperator(OnnxNode node, float epsilon) : Operator(node)
{
    private int _rows;
    private int _length;
    private int _run;

    public override bool HasBackward => true;

    public override bool IsDifferentiable(int input) => input < 3;

    public override bool BackwardReadsInput(int input) => input == 1;

    public override bool BackwardReadsOutput(int output) => false;

    public override void Forward(OperatorContext context)
    {
        ReadOnlySpan<float> x = context.Singles(0);
        Span<float> normalized = context.Saved[..x.Length];
        Span<float> means = context.Saved.Slice(x.Length, _rows);
        Span<float> inverse = context.Saved[(x.Length + _rows)..];
        RowNormalization.Forward(x, _length, epsilon, normalized, means, inverse);
        ReadOnlySpan<float> scale = context.Singles(1);
        ReadOnlySpan<float> bias = context.HasInput(2) ? context.Singles(2) : [];
        Span<float> y = context.OutputSingles(0);
        if (_run == 1)
        {
            for (int at = 0; at < y.Length; at += scale.Length)
            {
                Span<float> row = y.Slice(at, scale.Length);
                TensorPrimitives.Multiply(normalized.Slice(at, scale.Length), scale, row);
                if (!bias.IsEmpty) TensorPrimitives.Add(row, bias, row);
            }
        }
        else
        {
            for (int at = 0, c = 0; at < y.Length; at += _run)
            {
                Span<float> row = y.Slice(at, _run);
                TensorPrimitives.Multiply(normalized.Slice(at, _run), scale[c], row);
                if (!bias.IsEmpty) TensorPrimitives.Add(row, bias[c], row);
                if (++c == scale.Length) c = 0;
            }
        }

        if (context.HasOutput(1)) means.CopyTo(context.OutputSingles(1));
        if (context.HasOutput(2)) inverse.CopyTo(context.OutputSingles(2));
    }

    public override void Backward(OperatorContext context)
    {
        ReadOnlySpan<float> gradient = context.OutputGradient(0);
        ReadOnlySpan<float> normalized = context.Saved[..gradient.Length];
        ReadOnlySpan<float> scale = context.Singles(1);
        if (context.WantsGradient(1)) SumByParameter(gradient, normalized, context.InputGradient(1));
        if (context.WantsGradient(2)) SumByParameter(gradient, [], context.InputGradient(2));
        if (!context.WantsGradient(0)) return;
        Span<float> result = context.InputGradient(0);
        for (int at = 0, c = 0; at < result.Length; at += _run)
        {
            TensorPrimitives.Multiply(gradient.Slice(at, _run), scale[c], result.Slice(at, _run));
            if (++c == scale.Length) c = 0;
        }

        RowNormalization.Backward(normalized, _length, context.Saved[(gradient.Length + _rows)..], result);
    }

    /// <summary>Sets the geometry: <paramref name="rows"/> stretches, and how many neighbours share a scale.</summary>
    protected void SetRows(OperatorContext context, int rows, int run)
    {
        context.RequireSingle(0, 1, 2);
        TensorShape input = context.ShapeOf(0);
        _rows = rows;
        _run = run;
        _length = rows == 0 ? 0 : (int)(input.ElementCount / rows);
        if (context.HasInput(2) && context.ShapeOf(2).ElementCount != context.ShapeOf(1).ElementCount)
            throw context.Malformed($"a scale of {context.ShapeOf(1)} and a bias of {context.ShapeOf(2)}");
        context.SetOutput(0, ElementType.Float32, input);
        context.ReserveSaved(input.ElementCount + (2L * rows));
    }

    private void SumByParameter(ReadOnlySpan<float> gradient, ReadOnlySpan<float> factors, Span<float> sums)
    {
        sums.Clear();
        for (int at = 0, c = 0; at < gradient.Length; at += _run)
        {
            ReadOnlySpan<float> g = gradient.Slice(at, _run);
            sums[c] += factors.IsEmpty ? TensorPrimitives.Sum(g) : TensorPrimitives.Dot(g, factors.Slice(at, _run));
            if (++c == sums.Length) c = 0;
        }
    }
}
