using Tersor.Models;

namespace Tersor.Engine.Training;

/// <summary>A tensor that is stored and trained: what an optimizer sees and a checkpoint keeps.</summary>
public sealed class TrainedTensor
{
    private float[]? _gradient;

    /// <summary>Joins name, shape and values; the array is used, not copied.</summary>
    /// <exception cref="ArgumentException">The array has not as many values as the shape.</exception>
    public TrainedTensor(string name, TensorShape shape, float[] values)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(values);
        if (shape.ElementCount != values.Length)
            throw new ArgumentException($"'{name}' of {shape} has {shape.ElementCount} elements, the array has {values.Length}.", nameof(values));
        Name = name;
        Shape = shape;
        Values = values;
        DecaysWeights = shape.Rank > 1;
    }

    /// <summary>Unique among the tensors of one training.</summary>
    public string Name { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public TensorShape Shape { get; }

    /// <summary>The values, row-major.</summary>
    public float[] Values { get; }

    /// <summary>Gradient of the loss; the backward pass writes it, the optimizer reads it. Made when first asked for.</summary>
    public float[] Gradient => _gradient ??= new float[Values.Length];

    /// <summary>Factor of the learning rate for this tensor; 0 freezes it.</summary>
    public float LearningRateScale { get; set; } = 1;

    /// <summary>Whether weight decay and regularisers apply: by custom to matrices and kernels, not to biases, norms and step sizes.</summary>
    public bool DecaysWeights { get; set; }
}
