using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tersor.Engine.Kernels;

/// <summary>Puts values that stand in rows side by side, as the product's tiles and panels read them.</summary>
internal static unsafe class Interleave
{
    /// <summary>
    /// Transposes: <c>destination[k * height + i] = scale * source[i * stride + k]</c> for <c>i &lt; rows</c>, zero for the
    /// rest of <c>height</c>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* source, nint stride, int rows, int height, int depth, float scale, float* destination)
    {
        int row = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; row + 4 <= rows; row += 4)
            {
                FourRows(source + row * stride, stride, height, depth, scale, destination + row);
            }
        }

        for (; row < rows; row++)
        {
            float* line = source + row * stride;
            float* column = destination + row;
            for (int k = 0; k < depth; k++)
            {
                column[(nint)k * height] = scale * line[k];
            }
        }

        for (; row < height; row++)
        {
            float* column = destination + row;
            for (int k = 0; k < depth; k++)
            {
                column[(nint)k * height] = 0f;
            }
        }
    }

    /// <summary>
    /// Copies: <c>destination[k * width + j] = scale * source[k * stride + j]</c> for <c>j &lt; columns</c>, zero for the rest
    /// of <c>width</c>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Columns(float* source, nint stride, int columns, int width, int depth, float scale, float* destination)
    {
        for (int k = 0; k < depth; k++)
        {
            int j = 0;
            if (Vector512.IsHardwareAccelerated)
            {
                var factor = Vector512.Create(scale);
                for (; j + 16 <= columns; j += 16)
                {
                    (Vector512.Load(source + j) * factor).Store(destination + j);
                }
            }

            if (Vector128.IsHardwareAccelerated)
            {
                var factor = Vector128.Create(scale);
                for (; j + 4 <= columns; j += 4)
                {
                    (Vector128.Load(source + j) * factor).Store(destination + j);
                }
            }

            for (; j < columns; j++)
            {
                destination[j] = scale * source[j];
            }

            for (; j < width; j++)
            {
                destination[j] = 0f;
            }

            source += stride;
            destination += width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(float* source, nint stride, int height, int depth, float scale, float* destination)
    {
        float* row0 = source;
        float* row1 = source + stride;
        float* row2 = source + 2 * stride;
        float* row3 = source + 3 * stride;
        var factor = Vector128.Create(scale);
        int k = 0;
        for (; k + 4 <= depth; k += 4)
        {
            Vector128<float> a = Vector128.Load(row0 + k) * factor;
            Vector128<float> b = Vector128.Load(row1 + k) * factor;
            Vector128<float> c = Vector128.Load(row2 + k) * factor;
            Vector128<float> d = Vector128.Load(row3 + k) * factor;
            Vector128<float> acLow = ZipLow(a, c), acHigh = ZipHigh(a, c);
            Vector128<float> bdLow = ZipLow(b, d), bdHigh = ZipHigh(b, d);
            ZipLow(acLow, bdLow).Store(destination);
            ZipHigh(acLow, bdLow).Store(destination + height);
            ZipLow(acHigh, bdHigh).Store(destination + 2 * height);
            ZipHigh(acHigh, bdHigh).Store(destination + 3 * height);
            destination += 4 * height;
        }

        for (; k < depth; k++)
        {
            destination[0] = scale * row0[k];
            destination[1] = scale * row1[k];
            destination[2] = scale * row2[k];
            destination[3] = scale * row3[k];
            destination += height;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> left, Vector128<float> right) =>
        Sse.IsSupported ? Sse.UnpackLow(left, right)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(left, right)
        : Vector128.Create(left[0], right[0], left[1], right[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> left, Vector128<float> right) =>
        Sse.IsSupported ? Sse.UnpackHigh(left, right)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(left, right)
        : Vector128.Create(left[2], right[2], left[3], right[3]);
}
