using Tersor.Models;

namespace Tersor.Quantization.Prediction;

/// <summary>A tensor as volumes that are predicted each by itself: its last three axes, once for every index of the axes before.</summary>
internal readonly record struct PredictionLayout
{
    /// <summary>Lays out a shape of at most 2^31 - 1 elements.</summary>
    public PredictionLayout(TensorShape shape)
    {
        AxisCount = Math.Clamp(shape.Rank, 1, 3);
        Columns = shape.Rank >= 1 ? (int)shape[shape.Rank - 1] : 1;
        Rows = shape.Rank >= 2 ? (int)shape[shape.Rank - 2] : 1;
        Depth = shape.Rank >= 3 ? (int)shape[shape.Rank - 3] : 1;
        VolumeCount = shape.ElementCount == 0 ? 0 : (int)(shape.ElementCount / VolumeLength);
    }

    /// <summary>Axes of a volume that the tensor has, 1..3.</summary>
    public int AxisCount { get; }

    /// <summary>Length of the last axis.</summary>
    public int Columns { get; }

    /// <summary>Length of the last axis but one; 1 where there is none.</summary>
    public int Rows { get; }

    /// <summary>Length of the last axis but two; 1 where there is none.</summary>
    public int Depth { get; }

    /// <summary>Number of volumes.</summary>
    public int VolumeCount { get; }

    /// <summary>Elements of a volume.</summary>
    public int VolumeLength => Depth * Rows * Columns;
}
