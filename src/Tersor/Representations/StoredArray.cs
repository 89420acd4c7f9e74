namespace Tersor.Representations;

/// <summary>One of the arrays that a representation consists of.</summary>
/// <param name="Name">What it holds, in the words of the format's paper.</param>
/// <param name="Length">Elements.</param>
/// <param name="BitsPerElement">8, 16 or 32; codes narrower than a byte share one.</param>
/// <param name="LoadsPerProduct">Elements read, repeated reads counted, while one vector is multiplied.</param>
public readonly record struct StoredArray(string Name, long Length, int BitsPerElement, long LoadsPerProduct)
{
    /// <summary>Exact size.</summary>
    public long SizeInBits => Length * BitsPerElement;
}
