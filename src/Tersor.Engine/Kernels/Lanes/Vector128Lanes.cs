using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>4 lanes of 128 bits.</summary>
internal readonly unsafe struct Vector128Lanes : ILanes<Vector128<float>>
{
    public static int Count => 4;

    public static Vector128<float> Zero => Vector128<float>.Zero;

    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    public static Vector128<float> LoadLast(float* end, int count) =>
        Vector128.ConditionalSelect(
            Vector128.GreaterThanOrEqual(Vector128<int>.Indices, Vector128.Create(Vector128<int>.Count - count)).AsSingle(),
            Vector128.Load(end - Vector128<float>.Count),
            Vector128<float>.Zero);

    public static void Store(Vector128<float> value, float* destination) => value.Store(destination);

    public static void StoreIndices(Vector128<float> value, int start, int* destination) =>
        Vector128.ConditionalSelect(
            Vector128.LessThan(value, Vector128<float>.Zero).AsInt32(),
            Vector128.Create(-1),
            Vector128.ConvertToInt32Native(value) + Vector128.Create(start)).Store(destination);

    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    public static Vector128<float> Subtract(Vector128<float> left, Vector128<float> right) => left - right;

    public static Vector128<float> Multiply(Vector128<float> left, Vector128<float> right) => left * right;

    public static Vector128<float> Divide(Vector128<float> left, Vector128<float> right) => left / right;

    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> addend) =>
        Vector128.MultiplyAddEstimate(left, right, addend);

    // The native forms return their second operand when either is NaN on x64, and NaN on Arm64: the value comes second.
    public static Vector128<float> AtLeast(Vector128<float> value, Vector128<float> bound) => Vector128.MaxNative(bound, value);

    public static Vector128<float> AtMost(Vector128<float> value, Vector128<float> bound) => Vector128.MinNative(bound, value);

    public static Vector128<float> Abs(Vector128<float> value) => Vector128.Abs(value);

    public static Vector128<float> Sqrt(Vector128<float> value) => Vector128.Sqrt(value);

    public static Vector128<float> Log(Vector128<float> value) => Vector128.Log(value);

    public static Vector128<float> Power(Vector128<float> value, Vector128<float> exponent)
    {
        float* results = stackalloc float[Vector128<float>.Count];
        for (int lane = 0; lane < Vector128<float>.Count; lane++)
        {
            results[lane] = MathF.Pow(value[lane], exponent[lane]);
        }

        return Vector128.Load(results);
    }

    public static Vector128<float> Round(Vector128<float> value) => Vector128.Round(value);

    public static Vector128<float> PowerOfTwo(Vector128<float> exponent) =>
        ((Vector128.ConvertToInt32Native(exponent) + Vector128.Create(127)) << 23).AsSingle();

    public static Vector128<float> SelectGreater(Vector128<float> left, Vector128<float> right, Vector128<float> yes, Vector128<float> no) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(left, right), yes, no);

    public static Vector128<float> CopySign(Vector128<float> magnitude, Vector128<float> sign) => Vector128.CopySign(magnitude, sign);

    public static float Sum(Vector128<float> value) => Vector128.Sum(value);

    public static float Max(Vector128<float> value)
    {
        float largest = value[0];
        for (int lane = 1; lane < Vector128<float>.Count; lane++)
        {
            largest = MathF.Max(largest, value[lane]);
        }

        return largest;
    }
}
