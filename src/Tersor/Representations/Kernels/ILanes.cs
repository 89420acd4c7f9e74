namespace Tersor.Representations.Kernels;

/// <summary>
/// The vector operations that products of column panels are written in: once, generic over the vector type, and compiled for 512, 256 and 128 bits and for one lane.
/// </summary>
internal unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Values in one vector.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes zero.</summary>
    static abstract TVector Zero { get; }

    /// <summary>All lanes <paramref name="value"/>.</summary>
    static abstract TVector Broadcast(float value);

    /// <summary>Reads <see cref="Count"/> values; no alignment is needed.</summary>
    static abstract TVector Load(float* source);

    /// <summary>Writes <see cref="Count"/> values; no alignment is needed.</summary>
    static abstract void Store(TVector value, float* destination);

    static abstract TVector Add(TVector left, TVector right);

    /// <summary><c>left * right + addend</c>, fused where the machine has it.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);
}
