using Tersor.Models;

namespace Tersor.Engine.Operators;

/// <summary>An operator that can compute from a weight, its input 1, that is held in a representation.</summary>
internal interface IHoldingOperator
{
    /// <summary>How a weight of that shape is made of matrices with a row per output; null where the node cannot compute from one.</summary>
    WeightLayout? LayoutOf(TensorShape weight);
}

/// <summary>Matrices of one size, one below the other.</summary>
/// <param name="Groups">How many.</param>
/// <param name="Rows">Rows of each as the weight has them.</param>
/// <param name="Columns">Columns of each as the weight has them.</param>
/// <param name="IsTransposed">Whether the weight has a column per output.</param>
internal readonly record struct WeightLayout(int Groups, int Rows, int Columns, bool IsTransposed);
