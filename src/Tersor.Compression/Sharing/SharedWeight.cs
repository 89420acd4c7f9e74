namespace Tersor.Compression.Sharing;

/// <summary>The values that the elements of a weight share, as the engine's <see cref="Engine.Training.SharedParameter"/> trains them further.</summary>
public sealed class SharedWeight
{
    private readonly int[] _ids;
    private readonly float[] _centroids;

    internal SharedWeight(int[] ids, float[] centroids)
    {
        _ids = ids;
        _centroids = centroids;
    }

    /// <summary>An index of the centroids per element, row-major; -1 for those that were zero.</summary>
    public ReadOnlySpan<int> Ids => _ids;

    /// <summary>The shared values, strictly increasing.</summary>
    public ReadOnlySpan<float> Centroids => _centroids;

    /// <summary>The weight that they make, row-major.</summary>
    public float[] Expand() => Array.ConvertAll(_ids, id => id < 0 ? 0 : _centroids[id]);
}
