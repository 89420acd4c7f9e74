using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>8 lanes of 256 bits.</summary>
internal readonly unsafe struct Vector256Lanes : ILanes<Vector256<float>>
{
    public static int Count => 8;

    public static Vector256<float> Zero => Vector256<float>.Zero;

    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    public static Vector256<float> LoadLast(float* end, int count) =>
        Vector256.ConditionalSelect(
            Vector256.GreaterThanOrEqual(Vector256<int>.Indices, Vector256.Create(Vector256<int>.Count - count)).AsSingle(),
            Vector256.Load(end - Vector256<float>.Count),
            Vector256<float>.Zero);

    public static void Store(Vector256<float> value, float* destination) => value.Store(destination);

    public static void StoreIndices(Vector256<float> value, int start, int* destination) =>
        Vector256.ConditionalSelect(
            Vector256.LessThan(value, Vector256<float>.Zero).AsInt32(),
            Vector256.Create(-1),
            Vector256.ConvertToInt32Native(value) + Vector256.Create(start)).Store(destination);

    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    public static Vector256<float> Subtract(Vector256<float> left, Vector256<float> right) => left - right;

    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => left * right;

    public static Vector256<float> Divide(Vector256<float> left, Vector256<float> right) => left / right;

    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Vector256.MultiplyAddEstimate(left, right, addend);

    // The native forms return their second operand when either is NaN on x64, and NaN on Arm64: the value comes second.
    public static Vector256<float> AtLeast(Vector256<float> value, Vector256<float> bound) => Vector256.MaxNative(bound, value);

    public static Vector256<float> AtMost(Vector256<float> value, Vector256<float> bound) => Vector256.MinNative(bound, value);

    public static Vector256<float> Abs(Vector256<float> value) => Vector256.Abs(value);

    public static Vector256<float> Sqrt(Vector256<float> value) => Vector256.Sqrt(value);

    public static Vector256<float> Log(Vector256<float> value) => Vector256.Log(value);

    public static Vector256<float> Power(Vector256<float> value, Vector256<float> exponent)
    {
        float* results = stackalloc float[Vector256<float>.Count];
        for (int lane = 0; lane < Vector256<float>.Count; lane++)
        {
            results[lane] = MathF.Pow(value[lane], exponent[lane]);
        }

        return Vector256.Load(results);
    }

    public static Vector256<float> Round(Vector256<float> value) => Vector256.Round(value);

    public static Vector256<float> PowerOfTwo(Vector256<float> exponent) =>
        ((Vector256.ConvertToInt32Native(exponent) + Vector256.Create(127)) << 23).AsSingle();

    public static Vector256<float> SelectGreater(Vector256<float> left, Vector256<float> right, Vector256<float> yes, Vector256<float> no) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(left, right), yes, no);

    public static Vector256<float> CopySign(Vector256<float> magnitude, Vector256<float> sign) => Vector256.CopySign(magnitude, sign);

    public static float Sum(Vector256<float> value) => Vector256.Sum(value);

    public static float Max(Vector256<float> value)
    {
        float largest = value[0];
        for (int lane = 1; lane < Vector256<float>.Count; lane++)
        {
            largest = MathF.Max(largest, value[lane]);
        }

        return largest;
    }
}
