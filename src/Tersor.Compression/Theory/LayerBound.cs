using System.Numerics.Tensors;
using Tersor.Quantization;

namespace Tersor.Compression.Theory;

/// <summary>
/// The fewest bits in which the weights of a layer can be told at a cost of their errors (<see cref="RowCurvature"/>), were they independent and normal with the variance that they
/// have: <see cref="WaterFilling"/> over the directions in which errors do not make up for one another. For a linear model this is the lower bound of its rate-distortion function.
/// </summary>
/// <remarks>Weights of trained networks are not normal: of all weights of a variance the normal ones take the most bits, and a coder that learns how others lie may get below.</remarks>
public sealed class LayerBound
{
    private readonly double[] _importances;
    private readonly double[] _variances;

    /// <summary>Finds the directions.</summary>
    /// <param name="curvature">What errors cost.</param>
    /// <param name="weights">The weights, row-major.</param>
    /// <exception cref="ArgumentException">The weights are not those of the curvature, or not finite.</exception>
    public LayerBound(RowCurvature curvature, ReadOnlySpan<float> weights)
    {
        ArgumentNullException.ThrowIfNull(curvature);
        if (weights.Length != (long)curvature.Rows * curvature.Columns)
            throw new ArgumentException($"{weights.Length} weights are not {curvature.Rows} rows of {curvature.Columns}.", nameof(weights));
        if (NonFiniteWeight.IndexOf(weights) is int bad and >= 0) throw new ArgumentException($"Weight {bad} is {weights[bad]:R}.", nameof(weights));
        double square = 0;
        foreach (float weight in weights) square += (double)weight * weight;
        _importances = Importances(curvature);
        _variances = new double[_importances.Length];
        Array.Fill(_variances, square / weights.Length);
    }

    /// <summary>The cost of losing all weights: from there on, the bound is 0.</summary>
    public double LargestCost => TensorPrimitives.Dot<double>(_importances, _variances);

    /// <summary>Bits of all weights together at a cost.</summary>
    /// <param name="cost">As of <see cref="RowCurvature.Cost"/>, more than 0.</param>
    public double BitsAt(double cost) => WaterFilling.At(cost, _importances, _variances).Bits;

    // The eigenvalues of a Kronecker product are the products of the factors'; rows of another group see other inputs.
    private static double[] Importances(RowCurvature curvature)
    {
        List<double> importances = [];
        for (int group = 0; group < curvature.GroupCount; group++)
        {
            double[] inputs = SymmetricEigenvalues.Of(curvature.Columns, curvature.InputMoments(group));
            double[] outputs = SymmetricEigenvalues.Of(curvature.Rows / curvature.GroupCount, curvature.OutputMoments(group));
            foreach (double output in outputs)
            {
                // What rounding leaves below zero is nothing.
                foreach (double input in inputs) importances.Add(Math.Max(0, output) * Math.Max(0, input));
            }
        }

        return [.. importances];
    }
}
