using Tersor.Engine.Graphs;

namespace Tersor.Engine.Training;

/// <summary>A weight with some elements held at zero: <c>weight = stored * mask</c>, and the gradient passes where the mask is 1.</summary>
public sealed class MaskedParameter : ParameterFunction
{
    private readonly float[] _mask;

    /// <summary>Wraps a weight, whose values become the stored ones.</summary>
    /// <param name="parameter">The weight; attach the function to it.</param>
    /// <param name="isKept">Which elements stay, row-major.</param>
    /// <exception cref="ArgumentException">The mask has another length than the weight.</exception>
    public MaskedParameter(GraphParameter parameter, IReadOnlyList<bool> isKept)
        : base(Copy(parameter))
    {
        ArgumentNullException.ThrowIfNull(isKept);
        if (isKept.Count != Stored[0].Values.Length) throw new ArgumentException($"A mask of {isKept.Count} for '{Stored[0].Name}' of {Stored[0].Shape}.", nameof(isKept));
        _mask = [.. isKept.Select(kept => kept ? 1f : 0f)];
    }

    /// <summary>Keeps the elements of largest magnitude.</summary>
    /// <param name="parameter">The weight.</param>
    /// <param name="sparsity">The part that becomes zero: 0 up to 1.</param>
    public static MaskedParameter ByMagnitude(GraphParameter parameter, double sparsity)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (sparsity is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(sparsity), sparsity, "0 up to 1 is possible.");
        int[] order = [.. Enumerable.Range(0, parameter.Values.Length)];
        float[] values = parameter.Values;

        // Ties by index, so that the same weights give the same mask everywhere.
        Array.Sort(order, (a, b) => MathF.Abs(values[a]).CompareTo(MathF.Abs(values[b])) is not 0 and int difference ? difference : a.CompareTo(b));
        bool[] isKept = new bool[order.Length];
        foreach (int place in order.AsSpan((int)Math.Round(sparsity * order.Length, MidpointRounding.ToEven))) isKept[place] = true;
        return new MaskedParameter(parameter, isKept);
    }

    /// <inheritdoc/>
    public override void Forward(Span<float> weight) => System.Numerics.Tensors.TensorPrimitives.Multiply(Stored[0].Values, _mask, weight);

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient) =>
        System.Numerics.Tensors.TensorPrimitives.Multiply(weightGradient, _mask, Stored[0].Gradient);

    private static TrainedTensor[] Copy(GraphParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return [new TrainedTensor(parameter.Name, parameter.Shape, [.. parameter.Values])];
    }
}
