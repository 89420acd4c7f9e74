namespace Tersor.Engine.Kernels;

/// <summary>
/// The vector operations that kernels are written in. A kernel is written once, generic over its vector type, and is
/// compiled for 512, 256 and 128 bits and for one lane: the one-lane form is the scalar twin that tests compare with.
/// </summary>
/// <remarks>The members are static abstract on a struct, so the compiler specialises and inlines them: no call remains.</remarks>
internal unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Single-precision values in one vector.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes zero.</summary>
    static abstract TVector Zero { get; }

    /// <summary>All lanes <paramref name="value"/>.</summary>
    static abstract TVector Broadcast(float value);

    /// <summary>Reads <see cref="Count"/> values; no alignment is needed.</summary>
    static abstract TVector Load(float* source);

    /// <summary>
    /// The <paramref name="count"/> values before <paramref name="end"/> in the upper lanes, zero in the others;
    /// <see cref="Count"/> values before the end must be readable.
    /// </summary>
    static abstract TVector LoadLast(float* end, int count);

    /// <summary>Writes <see cref="Count"/> values; no alignment is needed.</summary>
    static abstract void Store(TVector value, float* destination);

    /// <summary>Writes whole numbers up to 2^24 plus <paramref name="start"/> as 32-bit integers, and -1 for every negative one.</summary>
    static abstract void StoreIndices(TVector value, int start, int* destination);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    /// <summary><c>left * right + addend</c>, fused where the machine has it.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>The larger of <paramref name="bound"/> and <paramref name="value"/>; a NaN in <paramref name="value"/> stays.</summary>
    static abstract TVector AtLeast(TVector value, TVector bound);

    /// <summary>The smaller of <paramref name="bound"/> and <paramref name="value"/>; a NaN in <paramref name="value"/> stays.</summary>
    static abstract TVector AtMost(TVector value, TVector bound);

    static abstract TVector Abs(TVector value);

    static abstract TVector Sqrt(TVector value);

    /// <summary>The natural logarithm.</summary>
    static abstract TVector Log(TVector value);

    /// <summary><c>value</c> to the power <c>exponent</c>, lane by lane as <see cref="MathF.Pow"/> has it.</summary>
    static abstract TVector Power(TVector value, TVector exponent);

    /// <summary>The nearest integers, ties to even.</summary>
    static abstract TVector Round(TVector value);

    /// <summary>2 to the power of integers in [-126, 127], given as single-precision values.</summary>
    static abstract TVector PowerOfTwo(TVector exponent);

    /// <summary>Lane by lane <c>left &gt; right ? yes : no</c>; false where either is NaN.</summary>
    static abstract TVector SelectGreater(TVector left, TVector right, TVector yes, TVector no);

    /// <summary>Magnitude of the first operand, sign bit of the second.</summary>
    static abstract TVector CopySign(TVector magnitude, TVector sign);

    /// <summary>The sum of all lanes.</summary>
    static abstract float Sum(TVector value);

    /// <summary>The largest lane (no NaN handling).</summary>
    static abstract float Max(TVector value);
}
