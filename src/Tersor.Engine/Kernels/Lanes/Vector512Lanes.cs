using System.Runtime.Intrinsics;

namespace Tersor.Engine.Kernels;

/// <summary>16 lanes of 512 bits.</summary>
internal readonly unsafe struct Vector512Lanes : ILanes<Vector512<float>>
{
    public static int Count => 16;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    public static Vector512<float> LoadLast(float* end, int count) =>
        Vector512.ConditionalSelect(
            Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create(Vector512<int>.Count - count)).AsSingle(),
            Vector512.Load(end - Vector512<float>.Count),
            Vector512<float>.Zero);

    public static void Store(Vector512<float> value, float* destination) => value.Store(destination);

    public static void StoreIndices(Vector512<float> value, int start, int* destination) =>
        Vector512.ConditionalSelect(
            Vector512.LessThan(value, Vector512<float>.Zero).AsInt32(),
            Vector512.Create(-1),
            Vector512.ConvertToInt32Native(value) + Vector512.Create(start)).Store(destination);

    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    public static Vector512<float> Subtract(Vector512<float> left, Vector512<float> right) => left - right;

    public static Vector512<float> Multiply(Vector512<float> left, Vector512<float> right) => left * right;

    public static Vector512<float> Divide(Vector512<float> left, Vector512<float> right) => left / right;

    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) =>
        Vector512.MultiplyAddEstimate(left, right, addend);

    // The native forms return their second operand when either is NaN on x64, and NaN on Arm64: the value comes second.
    public static Vector512<float> AtLeast(Vector512<float> value, Vector512<float> bound) => Vector512.MaxNative(bound, value);

    public static Vector512<float> AtMost(Vector512<float> value, Vector512<float> bound) => Vector512.MinNative(bound, value);

    public static Vector512<float> Abs(Vector512<float> value) => Vector512.Abs(value);

    public static Vector512<float> Sqrt(Vector512<float> value) => Vector512.Sqrt(value);

    public static Vector512<float> Log(Vector512<float> value) => Vector512.Log(value);

    public static Vector512<float> Power(Vector512<float> value, Vector512<float> exponent)
    {
        float* results = stackalloc float[Vector512<float>.Count];
        for (int lane = 0; lane < Vector512<float>.Count; lane++)
        {
            results[lane] = MathF.Pow(value[lane], exponent[lane]);
        }

        return Vector512.Load(results);
    }

    public static Vector512<float> Round(Vector512<float> value) => Vector512.Round(value);

    public static Vector512<float> PowerOfTwo(Vector512<float> exponent) =>
        ((Vector512.ConvertToInt32Native(exponent) + Vector512.Create(127)) << 23).AsSingle();

    public static Vector512<float> SelectGreater(Vector512<float> left, Vector512<float> right, Vector512<float> yes, Vector512<float> no) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(left, right), yes, no);

    public static Vector512<float> CopySign(Vector512<float> magnitude, Vector512<float> sign) => Vector512.CopySign(magnitude, sign);

    public static float Sum(Vector512<float> value) => Vector512.Sum(value);

    public static float Max(Vector512<float> value)
    {
        float largest = value[0];
        for (int lane = 1; lane < Vector512<float>.Count; lane++)
        {
            largest = MathF.Max(largest, value[lane]);
        }

        return largest;
    }
}
