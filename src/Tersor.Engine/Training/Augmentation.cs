namespace Tersor.Engine.Training;

/// <summary>Random changes of training images, before preprocessing; none unless said.</summary>
public sealed record Augmentation
{
    /// <summary>No changes.</summary>
    public static Augmentation None { get; } = new();

    /// <summary>Largest shift in each direction, in pixels; what comes in from outside is black. The same as padding by it and cropping at random.</summary>
    public int MaxShift { get; init; }

    /// <summary>Whether half of the images are mirrored left to right.</summary>
    public bool Flip { get; init; }

    /// <summary>Whether images stay as they are.</summary>
    public bool IsNone => MaxShift == 0 && !Flip;

    /// <summary>Changes an image of C x H x W.</summary>
    internal void Apply(ReadOnlySpan<float> from, Span<float> to, int height, int width, ref RandomStream random)
    {
        int down = random.NextInt((2 * MaxShift) + 1) - MaxShift;
        int right = random.NextInt((2 * MaxShift) + 1) - MaxShift;
        bool flips = Flip && (random.NextUInt64() >> 63) != 0;
        to.Clear();
        int first = Math.Max(0, right);
        int last = Math.Min(width, width + right);
        for (int at = 0; at < from.Length; at += height * width)
        {
            for (int row = Math.Max(0, down); row < Math.Min(height, height + down); row++)
            {
                ReadOnlySpan<float> source = from.Slice(at + ((row - down) * width), width);
                Span<float> line = to.Slice(at + (row * width), width);
                if (last > first) source.Slice(first - right, last - first).CopyTo(line[first..]);
                if (flips) line.Reverse();
            }
        }
    }
}
