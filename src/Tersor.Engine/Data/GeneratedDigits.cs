using Tersor.Engine.Training;
using Tersor.Models;

namespace Tersor.Engine.Data;

/// <summary>
/// Digits drawn by strokes on 28 x 28 pixels, each with its own slant, size, place, width, wobble and noise, so that everything runs without a download. The same
/// seed gives the same images; image i does not depend on how many are asked for.
/// </summary>
public static class GeneratedDigits
{
    private const int Side = 28;
    private const int Classes = 10;
    private const int CurveSteps = 12;
    private const int LongestStroke = 32;

    /// <summary>Strokes in a square from -1 to 1, y downwards: lines through points, smoothed where three or more.</summary>
    private static readonly float[][][] Strokes =
    [
        [[0f, -0.9f, -0.55f, -0.45f, -0.55f, 0.45f, 0f, 0.9f, 0.55f, 0.45f, 0.55f, -0.45f, 0f, -0.9f]],
        [[-0.3f, -0.55f, 0.05f, -0.9f], [0.05f, -0.9f, 0.05f, 0.9f]],
        [[-0.5f, -0.5f, 0f, -0.95f, 0.5f, -0.5f, 0.2f, 0.05f, -0.55f, 0.85f], [-0.55f, 0.85f, 0.6f, 0.85f]],
        [[-0.5f, -0.7f, 0.1f, -0.95f, 0.5f, -0.5f, -0.05f, -0.05f], [-0.05f, -0.05f, 0.6f, 0.35f, 0.1f, 0.9f, -0.55f, 0.65f]],
        [[0.25f, -0.9f, -0.6f, 0.3f], [-0.6f, 0.3f, 0.65f, 0.3f], [0.25f, -0.25f, 0.25f, 0.9f]],
        [[0.5f, -0.9f, -0.4f, -0.9f], [-0.4f, -0.9f, -0.45f, -0.1f], [-0.45f, -0.1f, 0.25f, -0.25f, 0.6f, 0.3f, 0.1f, 0.9f, -0.5f, 0.65f]],
        [[0.4f, -0.9f, -0.3f, -0.35f, -0.5f, 0.4f, 0f, 0.9f, 0.5f, 0.45f, 0f, 0.05f, -0.45f, 0.35f]],
        [[-0.55f, -0.85f, 0.6f, -0.85f], [0.6f, -0.85f, 0.15f, 0f, -0.1f, 0.9f]],
        [[0f, -0.05f, -0.45f, -0.45f, 0f, -0.9f, 0.45f, -0.45f, 0f, -0.05f], [0f, -0.05f, -0.55f, 0.45f, 0f, 0.9f, 0.55f, 0.45f, 0f, -0.05f]],
        [[0.45f, -0.35f, 0f, -0.05f, -0.5f, -0.45f, 0f, -0.9f, 0.5f, -0.4f, 0.3f, 0.35f, -0.35f, 0.9f]],
    ];

    /// <summary>Draws images.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Decides how they look.</param>
    /// <param name="isTest">Whether they are drawn for the test set, which shares no image with the train set.</param>
    public static SampleSet Generate(int count, ulong seed, bool isTest)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        byte[] pixels = new byte[checked(count * Side * Side)];
        int[] labels = new int[count];
        ulong stream = RandomStream.Derive(seed, isTest ? "digits test" : "digits train");
        Parallel.For(0, count, i =>
        {
            RandomStream random = new(RandomStream.Derive(stream, i));
            labels[i] = random.NextInt(Classes);
            Draw(labels[i], ref random, pixels.AsSpan(i * Side * Side, Side * Side));
        });
        return new SampleSet(isTest ? "digits test" : "digits train", new TensorShape(1, Side, Side), pixels, labels);
    }

    private static void Draw(int digit, ref RandomStream random, Span<byte> image)
    {
        // Affine: rotation, shear, scale and shift; elastic: a slow wave in each direction.
        float angle = random.NextSingle(-0.32f, 0.32f);
        float shear = random.NextSingle(-0.35f, 0.35f);
        float scaleX = random.NextSingle(6.2f, 9.8f);
        float scaleY = random.NextSingle(7.2f, 10.2f);
        float shiftX = 13.5f + random.NextSingle(-3f, 3f);
        float shiftY = 13.5f + random.NextSingle(-2.5f, 2.5f);
        float waveX = random.NextSingle(-0.16f, 0.16f);
        float waveY = random.NextSingle(-0.16f, 0.16f);
        float phaseX = random.NextSingle(0, MathF.Tau);
        float phaseY = random.NextSingle(0, MathF.Tau);
        float frequency = random.NextSingle(1.5f, 3.5f);
        float width = random.NextSingle(0.75f, 1.7f);
        (float sin, float cos) = MathF.SinCos(angle);
        Span<float> ink = stackalloc float[Side * Side];
        ink.Clear();
        Span<float> room = stackalloc float[LongestStroke];
        foreach (float[] stroke in Strokes[digit])
        {
            Span<float> points = room[..stroke.Length];
            for (int i = 0; i < points.Length; i++) points[i] = stroke[i] + (0.07f * random.NextGaussian());
            int segments = (points.Length / 2) - 1;
            (float x, float y) last = default;
            for (int step = 0; step <= segments * CurveSteps; step++)
            {
                (float px, float py) = Curve(points, step / (float)CurveSteps);
                px += waveX * MathF.Sin((frequency * py) + phaseX);
                py += waveY * MathF.Sin((frequency * px) + phaseY);
                px += shear * py;
                (float x, float y) place = (shiftX + (scaleX * ((cos * px) - (sin * py))), shiftY + (scaleY * ((sin * px) + (cos * py))));
                if (step > 0) Line(ink, last, place, width);
                last = place;
            }
        }

        float strength = random.NextSingle(0.55f, 1f);
        float noise = random.NextSingle(0f, 0.22f);
        for (int i = 0; i < ink.Length; i++)
        {
            float value = (strength * ink[i]) + (noise * random.NextGaussian());
            image[i] = (byte)Math.Clamp((int)((255 * value) + 0.5f), 0, 255);
        }
    }

    /// <summary>A point of the curve through all points (Catmull and Rom); a straight line through two.</summary>
    private static (float X, float Y) Curve(ReadOnlySpan<float> points, float at)
    {
        int last = (points.Length / 2) - 1;
        int segment = Math.Min((int)at, last - 1);
        float t = at - segment;
        return (Axis(points, 0, segment, last, t), Axis(points, 1, segment, last, t));
    }

    private static float Axis(ReadOnlySpan<float> points, int axis, int segment, int last, float t)
    {
        float before = points[(2 * Math.Max(segment - 1, 0)) + axis];
        float from = points[(2 * segment) + axis];
        float to = points[(2 * (segment + 1)) + axis];
        float behind = points[(2 * Math.Min(segment + 2, last)) + axis];
        return 0.5f * ((2 * from) + ((to - before) * t) + (((2 * before) - (5 * from) + (4 * to) - behind) * t * t) + (((3 * from) - before - (3 * to) + behind) * t * t * t));
    }

    /// <summary>Inks every pixel by its distance from a line, with one pixel of softness.</summary>
    private static void Line(Span<float> ink, (float X, float Y) from, (float X, float Y) to, float width)
    {
        float reach = width + 1;
        int top = Math.Max(0, (int)MathF.Floor(MathF.Min(from.Y, to.Y) - reach));
        int bottom = Math.Min(Side - 1, (int)MathF.Ceiling(MathF.Max(from.Y, to.Y) + reach));
        int left = Math.Max(0, (int)MathF.Floor(MathF.Min(from.X, to.X) - reach));
        int right = Math.Min(Side - 1, (int)MathF.Ceiling(MathF.Max(from.X, to.X) + reach));
        float dx = to.X - from.X;
        float dy = to.Y - from.Y;
        float length = (dx * dx) + (dy * dy);
        for (int row = top; row <= bottom; row++)
        {
            for (int column = left; column <= right; column++)
            {
                float along = length == 0 ? 0 : Math.Clamp((((column - from.X) * dx) + ((row - from.Y) * dy)) / length, 0, 1);
                float ox = column - from.X - (along * dx);
                float oy = row - from.Y - (along * dy);
                float value = Math.Clamp(width + 0.5f - MathF.Sqrt((ox * ox) + (oy * oy)), 0, 1);
                ref float pixel = ref ink[(row * Side) + column];
                pixel = MathF.Max(pixel, value);
            }
        }
    }
}
