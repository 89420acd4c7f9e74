using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Tersor.Engine.Kernels;

/// <summary>Per-channel passes over N x C x places values: what batch normalization is made of.</summary>
internal static class BatchStatistics
{
    /// <summary>Mean and population variance of every channel.</summary>
    public static void MeanAndVariance(ReadOnlySpan<float> x, int channels, int places, Span<float> means, Span<float> variances)
    {
        int images = x.Length / (channels * places);
        float count = (float)images * places;
        for (int channel = 0; channel < channels; channel++)
        {
            float sum = 0;
            for (int image = 0; image < images; image++) sum += TensorPrimitives.Sum(Plane(x, image, channel, channels, places));
            float mean = sum / count;
            float squares = 0;
            for (int image = 0; image < images; image++) squares += SumOfSquaredDeviations(Plane(x, image, channel, channels, places), mean);
            means[channel] = mean;
            variances[channel] = squares / count;
        }
    }

    /// <summary><c>y = x * factor + summand</c>, one of each per channel.</summary>
    public static void Affine(ReadOnlySpan<float> x, int places, ReadOnlySpan<float> factors, ReadOnlySpan<float> summands, Span<float> y)
    {
        int channels = factors.Length;
        for (int at = 0, channel = 0; at < x.Length; at += places)
        {
            ScaleAndShift(x.Slice(at, places), factors[channel], summands[channel], y.Slice(at, places));
            if (++channel == channels) channel = 0;
        }
    }

    /// <summary>Per channel, the sum of the gradient, and of the gradient times the input's deviation from its mean.</summary>
    public static void GradientSums(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gradient, int channels, int places, ReadOnlySpan<float> means, Span<float> sums, Span<float> products)
    {
        sums.Clear();
        products.Clear();
        for (int at = 0, channel = 0; at < x.Length; at += places)
        {
            ReadOnlySpan<float> g = gradient.Slice(at, places);
            sums[channel] += TensorPrimitives.Sum(g);
            products[channel] += DotWithDeviation(x.Slice(at, places), means[channel], g);
            if (++channel == channels) channel = 0;
        }
    }

    /// <summary><c>result = gradient * a + x * b + c</c>, one of each per channel.</summary>
    public static void Combine(
        ReadOnlySpan<float> gradient, ReadOnlySpan<float> x, int places, ReadOnlySpan<float> a, ReadOnlySpan<float> b, ReadOnlySpan<float> c, Span<float> result)
    {
        int channels = a.Length;
        for (int at = 0, channel = 0; at < x.Length; at += places)
        {
            ReadOnlySpan<float> g = gradient.Slice(at, places);
            ReadOnlySpan<float> v = x.Slice(at, places);
            Span<float> r = result.Slice(at, places);
            (float fa, float fb, float fc) = (a[channel], b[channel], c[channel]);
            int i = 0;
            ReadOnlySpan<Vector<float>> gv = MemoryMarshal.Cast<float, Vector<float>>(g);
            ReadOnlySpan<Vector<float>> vv = MemoryMarshal.Cast<float, Vector<float>>(v);
            Span<Vector<float>> rv = MemoryMarshal.Cast<float, Vector<float>>(r);
            for (; i < rv.Length; i++) rv[i] = (gv[i] * fa) + (vv[i] * fb) + new Vector<float>(fc);
            for (i *= Vector<float>.Count; i < r.Length; i++) r[i] = (g[i] * fa) + (v[i] * fb) + fc;
            if (++channel == channels) channel = 0;
        }
    }

    private static ReadOnlySpan<float> Plane(ReadOnlySpan<float> x, int image, int channel, int channels, int places) =>
        x.Slice(((image * channels) + channel) * places, places);

    private static float SumOfSquaredDeviations(ReadOnlySpan<float> x, float mean)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(x);
        Vector<float> sums = Vector<float>.Zero;
        Vector<float> center = new(mean);
        foreach (Vector<float> v in vectors)
        {
            Vector<float> d = v - center;
            sums += d * d;
        }

        float sum = Vector.Sum(sums);
        for (int i = vectors.Length * Vector<float>.Count; i < x.Length; i++) sum += (x[i] - mean) * (x[i] - mean);
        return sum;
    }

    private static float DotWithDeviation(ReadOnlySpan<float> x, float mean, ReadOnlySpan<float> g)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(x);
        ReadOnlySpan<Vector<float>> gradients = MemoryMarshal.Cast<float, Vector<float>>(g);
        Vector<float> sums = Vector<float>.Zero;
        Vector<float> center = new(mean);
        for (int i = 0; i < vectors.Length; i++) sums += (vectors[i] - center) * gradients[i];
        float sum = Vector.Sum(sums);
        for (int i = vectors.Length * Vector<float>.Count; i < x.Length; i++) sum += (x[i] - mean) * g[i];
        return sum;
    }

    private static void ScaleAndShift(ReadOnlySpan<float> x, float factor, float summand, Span<float> y)
    {
        ReadOnlySpan<Vector<float>> from = MemoryMarshal.Cast<float, Vector<float>>(x);
        Span<Vector<float>> to = MemoryMarshal.Cast<float, Vector<float>>(y);
        for (int i = 0; i < from.Length; i++) to[i] = (from[i] * factor) + new Vector<float>(summand);
        for (int i = from.Length * Vector<float>.Count; i < x.Length; i++) y[i] = (x[i] * factor) + summand;
    }
}
