namespace Tersor.Engine.Kernels;

/// <summary>One lane: the scalar twin of every kernel, and the tail of the wide ones.</summary>
internal readonly unsafe struct ScalarLanes : ILanes<float>
{
    public static int Count => 1;

    public static float Zero => 0f;

    public static float Broadcast(float value) => value;

    public static float Load(float* source) => *source;

    public static float LoadLast(float* end, int count) => count > 0 ? end[-1] : 0f;

    public static void Store(float value, float* destination) => *destination = value;

    public static void StoreIndices(float value, int start, int* destination) => *destination = value < 0f ? -1 : (int)value + start;

    public static float Add(float left, float right) => left + right;

    public static float Subtract(float left, float right) => left - right;

    public static float Multiply(float left, float right) => left * right;

    public static float Divide(float left, float right) => left / right;

    public static float MultiplyAdd(float left, float right, float addend) => float.MultiplyAddEstimate(left, right, addend);

    public static float AtLeast(float value, float bound) => value < bound ? bound : value;

    public static float AtMost(float value, float bound) => value > bound ? bound : value;

    public static float Abs(float value) => MathF.Abs(value);

    public static float Sqrt(float value) => MathF.Sqrt(value);

    public static float Log(float value) => MathF.Log(value);

    public static float Power(float value, float exponent) => MathF.Pow(value, exponent);

    public static float Round(float value) => MathF.Round(value);

    public static float PowerOfTwo(float exponent) => BitConverter.Int32BitsToSingle(((int)exponent + 127) << 23);

    public static float SelectGreater(float left, float right, float yes, float no) => left > right ? yes : no;

    public static float CopySign(float magnitude, float sign) => MathF.CopySign(magnitude, sign);

    public static float Sum(float value) => value;

    public static float Max(float value) => value;
}
