using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tersor.Quantization;

/// <summary>
/// Where the weights of a block lie on the grid, and which grid points are tried for them: the four that start one below the weight's floor (at least at
/// 1), and zero (NNC implementer's text, section 12.2).
/// </summary>
/// <remarks>
/// Two of the four points belong to even states and two to odd ones, an even and an odd symbol each: their class is the point mod 4. Classes stand in the
/// order 0 (even symbol of even states), 3 (even, odd states), 2 (odd, even states), 1 (odd, odd states) everywhere, so class number c holds the points
/// that are -c mod 4.
/// </remarks>
internal sealed class TrellisBlock
{
    /// <summary>Weights in a full block.</summary>
    public const int Capacity = 32;

    /// <summary>Number of classes.</summary>
    public const int ClassCount = 4;

    // Distance of the classes' points from the weight's floor: by first point mod 4 (floors from 2), then for floors 0 and 1, whose first point is 1.
    private static readonly float[] Offsets = MakeOffsets();

    private readonly float[] _fractions = new float[Capacity];
    private readonly float[] _factors = new float[Capacity];
    private readonly float[] _zeroCosts = new float[Capacity];
    private readonly int[] _offsetIndexes = new int[Capacity];
    private readonly int[] _firstPoints = new int[Capacity];
    private readonly int[] _negative = new int[Capacity];

    /// <summary>importance * (weight / step)^2: what choosing zero distorts, by weight.</summary>
    public ReadOnlySpan<float> ZeroCosts => _zeroCosts;

    /// <summary>The lowest grid point tried beside zero, by weight.</summary>
    public ReadOnlySpan<int> FirstPoints => _firstPoints;

    /// <summary>1 for negative weights, else 0, by weight.</summary>
    public ReadOnlySpan<int> Negative => _negative;

    /// <summary>The lowest grid point tried beside zero for a weight whose magnitude in steps rounds down to <paramref name="floor"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FirstPoint(int floor) => 1 + ((floor - 2) & ~((floor - 2) >> 31));

    /// <summary>The grid point of a class among the four that start at <paramref name="first"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PointOf(int first, int pointClass) => first + ((-pointClass - first) & 3);

    /// <summary>Takes in at most <see cref="Capacity"/> weights.</summary>
    public void Load(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, double step)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            // Adding 2^52 leaves an integer in the low bits of the pattern.
            Vector256<double> toInteger = Vector256.Create(4503599627370496.0);
            Vector256<double> divisor = Vector256.Create(step);
            Vector256<int> two = Vector256.Create(2);
            for (; i <= weights.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                Vector256<float> signed = Vector256.Create(weights[i..]);
                (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(Vector256.Abs(signed));
                lower /= divisor;
                upper /= divisor;
                Vector256<double> lowerFloor = Vector256.Floor(lower);
                Vector256<double> upperFloor = Vector256.Floor(upper);
                Vector256<int> floor = Vector256.Narrow((lowerFloor + toInteger).AsInt64(), (upperFloor + toInteger).AsInt64());
                Vector256<int> first = Vector256<int>.One + Vector256.Max(floor - two, Vector256<int>.Zero);
                Vector256<int> offsetRow = Vector256.ConditionalSelect(
                    Vector256.LessThan(floor, two), floor + Vector256.Create(4), first & Vector256.Create(3));
                Vector256<float> magnitude = Vector256.Narrow(lower, upper);
                Vector256<float> factor = importance.IsEmpty ? Vector256<float>.One : Vector256.Create(importance[i..]);
                Vector256.Narrow(lower - lowerFloor, upper - upperFloor).CopyTo(_fractions, i);
                factor.CopyTo(_factors, i);
                (magnitude * magnitude * factor).CopyTo(_zeroCosts, i);
                (offsetRow * ClassCount).CopyTo(_offsetIndexes, i);
                first.CopyTo(_firstPoints, i);
                (signed.AsInt32() >>> 31).CopyTo(_negative, i);
            }
        }

        LoadScalar(weights, importance, step, i);
    }

    /// <summary>The scalar twin of <see cref="Load"/>, from weight number <paramref name="start"/> on.</summary>
    public void LoadScalar(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, double step, int start = 0)
    {
        for (int i = start; i < weights.Length; i++)
        {
            double scaled = Math.Abs((double)weights[i]) / step;
            double floor = Math.Floor(scaled);
            int first = FirstPoint((int)floor);
            float magnitude = (float)scaled;
            float factor = importance.IsEmpty ? 1 : importance[i];
            _fractions[i] = (float)(scaled - floor);
            _factors[i] = factor;
            _zeroCosts[i] = magnitude * magnitude * factor;
            _offsetIndexes[i] = ClassCount * (floor < 2 ? (int)floor + 4 : first & 3);
            _firstPoints[i] = first;
            _negative[i] = BitConverter.SingleToInt32Bits(weights[i]) >>> 31;
        }
    }

    /// <summary>importance * (weight / step - point)^2 for the four classes of weight number <paramref name="i"/> of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<float> Distortions(int i)
    {
        Vector128<float> offsets = Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(Offsets), (nuint)_offsetIndexes[i]);
        Vector128<float> distance = offsets - Vector128.Create(_fractions[i]);
        return distance * distance * Vector128.Create(_factors[i]);
    }

    /// <summary>The scalar twin of <see cref="Distortions"/>, for one class.</summary>
    public float Distortion(int i, int pointClass)
    {
        float distance = Offsets[_offsetIndexes[i] + pointClass] - _fractions[i];
        return distance * distance * _factors[i];
    }

    private static float[] MakeOffsets()
    {
        float[] offsets = new float[6 * ClassCount];
        for (int row = 0; row < 6; row++)
        {
            int first = row < 4 ? row : 1;
            int firstFromFloor = row < 4 ? -1 : 5 - row;
            for (int pointClass = 0; pointClass < ClassCount; pointClass++)
                offsets[(row * ClassCount) + pointClass] = firstFromFloor + PointOf(first, pointClass) - first;
        }

        return offsets;
    }
}
