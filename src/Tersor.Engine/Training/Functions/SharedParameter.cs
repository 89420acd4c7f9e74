using Tersor.Engine.Graphs;
using Tersor.Models;
using Tersor.Quantization;

namespace Tersor.Engine.Training;

/// <summary>
/// A weight whose elements share values: <c>weight = centroid[id]</c>, and 0 where an element has no id. Ids stay fixed; the gradient of a centroid is the sum of those of its elements
/// (Han, Mao, Dally, Deep Compression, ICLR 2016, section 3).
/// </summary>
/// <remarks>
/// A centroid of many elements moves as far in a step as they would together: a learning rate that suits single weights is too large for it. <see cref="TrainedTensor.LearningRateScale"/> of the stored
/// tensor makes it smaller.
/// </remarks>
public sealed class SharedParameter : ParameterFunction
{
    private readonly int[] _ids;
    private readonly double[] _sums;

    /// <summary>Wraps a weight.</summary>
    /// <param name="parameter">The weight; attach the function to it.</param>
    /// <param name="ids">An index of the centroids per element, row-major; -1 for elements held at zero.</param>
    /// <param name="centroids">The values to start from, which are copied.</param>
    /// <exception cref="ArgumentException">There are not as many ids as elements, or an id is none of a centroid.</exception>
    public SharedParameter(GraphParameter parameter, ReadOnlySpan<int> ids, ReadOnlySpan<float> centroids)
        : base(Store(parameter, ids, centroids))
    {
        _ids = ids.ToArray();
        _sums = new double[centroids.Length];
    }

    /// <summary>An index of the centroids per element, row-major; -1 for elements held at zero.</summary>
    public ReadOnlySpan<int> Ids => _ids;

    /// <summary>The values that the elements share now.</summary>
    public ReadOnlySpan<float> Centroids => Stored[0].Values;

    /// <summary>Shares what a weight's elements have in common now: a centroid for each of their distinct values, in increasing order, but none for zeros, which are held.</summary>
    /// <param name="parameter">A weight that was clustered before, or read from a file of shared weights.</param>
    /// <exception cref="ArgumentException">The weight has more distinct values than <see cref="SharedValueTable.MaxCount"/>, or NaN among them.</exception>
    public static SharedParameter ByDistinctValues(GraphParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (!SharedValueTable.TryBuild(parameter.Values, SharedValueTable.MaxCount, out SharedValueTable? table, out int[]? ids))
            throw new ArgumentException($"'{parameter.Name}' has more than {SharedValueTable.MaxCount:N0} distinct values: cluster it first.", nameof(parameter));
        int[] centroidOf = new int[table.Count];
        List<float> centroids = [];
        for (int i = 0; i < table.Count; i++)
        {
            float value = table[i + table.LowestLevel];
            if (float.IsNaN(value)) throw new ArgumentException($"'{parameter.Name}' holds NaN.", nameof(parameter));
            centroidOf[i] = value == 0 ? -1 : centroids.Count;
            if (value != 0) centroids.Add(value);
        }

        foreach (ref int id in ids.AsSpan()) id = centroidOf[id - table.LowestLevel];
        return new SharedParameter(parameter, ids, [.. centroids]);
    }

    /// <inheritdoc/>
    public override void Forward(Span<float> weight)
    {
        float[] centroids = Stored[0].Values;
        for (int i = 0; i < _ids.Length; i++) weight[i] = _ids[i] < 0 ? 0 : centroids[_ids[i]];
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<float> weight, ReadOnlySpan<float> weightGradient)
    {
        Array.Clear(_sums);
        for (int i = 0; i < _ids.Length; i++)
        {
            if (_ids[i] >= 0) _sums[_ids[i]] += weightGradient[i];
        }

        float[] gradient = Stored[0].Gradient;
        for (int j = 0; j < gradient.Length; j++) gradient[j] = (float)_sums[j];
    }

    private static TrainedTensor[] Store(GraphParameter parameter, ReadOnlySpan<int> ids, ReadOnlySpan<float> centroids)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (ids.Length != parameter.Values.Length) throw new ArgumentException($"{ids.Length} ids for '{parameter.Name}' of {parameter.Shape}.", nameof(ids));
        int stray = centroids.IsEmpty ? ids.IndexOfAnyExcept(-1) : ids.IndexOfAnyExceptInRange(-1, centroids.Length - 1);
        if (stray >= 0) throw new ArgumentException($"Element {stray} of '{parameter.Name}' has id {ids[stray]}, there are {centroids.Length} centroids.", nameof(ids));
        return [new TrainedTensor(parameter.Name + ".centroids", new TensorShape(centroids.Length), centroids.ToArray())];
    }
}
