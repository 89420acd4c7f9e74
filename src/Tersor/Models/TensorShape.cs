using System.Globalization;

namespace Tersor.Models;

/// <summary>
/// The dimensions of a tensor, outermost first. No dimensions is a scalar (one element); a dimension of 0 makes the tensor empty.
/// </summary>
public readonly struct TensorShape : IEquatable<TensorShape>
{
    private readonly long[]? _dimensions;

    /// <summary>Takes the dimensions, outermost first.</summary>
    /// <exception cref="ArgumentException">A dimension is negative, or the number of elements does not fit 63 bits.</exception>
    public TensorShape(params ReadOnlySpan<long> dimensions)
    {
        if (!TryCountElements(dimensions, out long count))
            throw new ArgumentException("A dimension is negative or the number of elements exceeds 2^63.", nameof(dimensions));
        _dimensions = dimensions.ToArray();
        ElementCount = count;
    }

    /// <summary>Number of dimensions.</summary>
    public int Rank => _dimensions?.Length ?? 0;

    /// <summary>Product of the dimensions; 1 for a scalar.</summary>
    public long ElementCount { get => _dimensions is null ? 1 : field; }

    /// <summary>The dimensions, outermost first.</summary>
    public ReadOnlySpan<long> Dimensions => _dimensions;

    /// <summary>Dimension <paramref name="index"/>, 0 being the outermost.</summary>
    public long this[int index] => Dimensions[index];

    /// <summary>Counts elements; false where a dimension is negative or the product overflows (a zero elsewhere does not excuse it).</summary>
    public static bool TryCountElements(ReadOnlySpan<long> dimensions, out long count)
    {
        count = 1;
        bool empty = false;
        foreach (long dimension in dimensions)
        {
            if (dimension < 0) return false;
            empty |= dimension == 0;
            if (dimension == 0) continue;
            if (count > long.MaxValue / dimension) return false;
            count *= dimension;
        }

        if (empty) count = 0;
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(TensorShape other) => Dimensions.SequenceEqual(other.Dimensions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TensorShape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (long dimension in Dimensions) hash.Add(dimension);
        return hash.ToHashCode();
    }

    /// <summary>Same dimensions.</summary>
    public static bool operator ==(TensorShape left, TensorShape right) => left.Equals(right);

    /// <summary>Other dimensions.</summary>
    public static bool operator !=(TensorShape left, TensorShape right) => !left.Equals(right);

    /// <summary>Such as <c>64x3x7x7</c>, or <c>scalar</c>.</summary>
    public override string ToString()
    {
        if (Rank == 0) return "scalar";
        string[] parts = new string[Rank];
        for (int i = 0; i < parts.Length; i++) parts[i] = _dimensions![i].ToString(CultureInfo.InvariantCulture);
        return string.Join('x', parts);
    }
}
