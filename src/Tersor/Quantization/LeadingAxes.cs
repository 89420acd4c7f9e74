namespace Tersor.Quantization;

/// <summary>
/// Exchanges the first two dimensions of a tensor. Where the inputs of a layer differ more than its outputs do, as they often do in the last layer of a
/// classifier, levels that run along the outputs first suit adaptive contexts better.
/// </summary>
internal static class LeadingAxes
{
    /// <summary>Copies a tensor of <paramref name="first"/> x <paramref name="second"/> x the rest to one of second x first x the rest.</summary>
    /// <exception cref="ArgumentException">The lengths differ, or are no multiple of the two dimensions.</exception>
    public static void Swap<T>(ReadOnlySpan<T> source, int first, int second, Span<T> destination)
    {
        UniformQuantizer.RequireSameLength(source.Length, destination.Length, nameof(destination));
        if (source.IsEmpty) return;
        int rest = first <= 0 || second <= 0 ? 0 : source.Length / first / second;
        if ((long)rest * first * second != source.Length)
            throw new ArgumentException($"{source.Length} elements are no tensor of {first} x {second} x more.", nameof(source));
        for (int j = 0; j < second; j++)
        {
            for (int i = 0; i < first; i++)
                source.Slice(((i * second) + j) * rest, rest).CopyTo(destination[(((j * first) + i) * rest)..]);
        }
    }
}
