using Tersor.Models;

namespace Tersor.Nnc;

/// <summary>The matrix that a tensor is coded as: H rows along the first dimension, W elements in each (section 1).</summary>
internal static class MatrixView
{
    /// <summary>H and W; a scalar is 1 x 1. The tensor must not have more elements than an array can hold.</summary>
    public static (int Rows, int Columns) Of(TensorShape shape)
    {
        if (shape.Rank == 0) return (1, 1);
        if (shape.ElementCount == 0) return (0, 1);
        return ((int)shape[0], (int)(shape.ElementCount / shape[0]));
    }
}
