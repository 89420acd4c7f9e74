using System.Numerics.Tensors;

namespace Tersor.Quantization;

/// <summary>
/// What errors <c>E</c> of a tensor's weights cost, as a quadratic form that is the product of two: the trace of <c>G E H E^T</c>, with the second moments <c>H</c> of what
/// the weights of a row multiply, and those <c>G</c> of the gradients of the rows' outputs. Errors can make up for one another within a row and across rows.
/// </summary>
/// <remarks>
/// The form is the Kronecker-factored curvature of Martens and Grosse (2015) and Grosse and Martens (2016). Both factors are taken apart into triangles, so that a quantizer
/// which goes weight by weight in coding order always knows the target that makes up best for the errors before it (Hassibi and Stork 1993; Frantar and Alistarh 2022).
/// </remarks>
public sealed class RowCurvature
{
    /// <summary>More rows, or longer ones, are not taken: factors take memory with the square of these.</summary>
    public const int LargestSide = 4608;

    private readonly TriangularFactors[] _inputs;
    private readonly TriangularFactors _outputs;

    /// <summary>Factors the moments.</summary>
    /// <param name="inputs">
    /// For each group of rows (as of a grouped convolution; one for others) <c>H</c>: mean products of the inputs of two weights of a row, row-major. They are destroyed.
    /// </param>
    /// <param name="outputs"><c>G</c>: products of the gradients of two rows' outputs, row-major; those of rows in different groups are not read. Destroyed.</param>
    /// <param name="inputDamping">Added to the diagonal of <c>H</c>, as a share of its mean; more than 0, as inputs may be always zero or depend on one another.</param>
    /// <param name="outputDamping">The same for <c>G</c>.</param>
    /// <exception cref="ArgumentException">A matrix is not square, too large, not finite, or none of second moments.</exception>
    public RowCurvature(IReadOnlyList<double[]> inputs, double[] outputs, double inputDamping, double outputDamping)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputDamping);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputDamping);
        if (inputs.Count == 0) throw new ArgumentException("There is no group of rows.", nameof(inputs));
        Columns = Side(inputs[0], nameof(inputs));
        Rows = Side(outputs, nameof(outputs));
        if (inputs.Any(group => group.Length != inputs[0].Length)) throw new ArgumentException("Groups differ in the length of their rows.", nameof(inputs));
        if (Rows % inputs.Count != 0) throw new ArgumentException($"{Rows} rows are not {inputs.Count} groups of equal size.", nameof(outputs));
        RowsPerGroup = Rows / inputs.Count;
        Separate(outputs);
        _inputs = [.. inputs.Select(group => new TriangularFactors(Columns, group, inputDamping))];
        _outputs = new TriangularFactors(Rows, outputs, outputDamping);
        Mean = _inputs.Average(group => group.Costs.Average(cost => (double)cost)) * _outputs.Costs.Average(cost => (double)cost);
    }

    /// <summary>Rows of the tensor: its first dimension.</summary>
    public int Rows { get; }

    /// <summary>Weights of a row: all other dimensions.</summary>
    public int Columns { get; }

    /// <summary>What a unit of squared error of a weight costs on average, when the weights behind it make up for what they can.</summary>
    public double Mean { get; }

    /// <summary>Groups of rows that see inputs of their own; one for all but grouped convolutions.</summary>
    public int GroupCount => _inputs.Length;

    private int RowsPerGroup { get; }

    /// <summary><c>H</c> of a group of rows, damped: <see cref="Columns"/> squared values, row-major.</summary>
    public double[] InputMoments(int group) => _inputs[group].ToMatrix(0, Columns);

    /// <summary><c>G</c> of a group of rows, damped: the square of as many values as it has rows, row-major.</summary>
    public double[] OutputMoments(int group)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)group, (uint)GroupCount, nameof(group));
        return _outputs.ToMatrix(group * RowsPerGroup, RowsPerGroup);
    }

    /// <summary>The factors of <c>H</c> for a row.</summary>
    internal TriangularFactors InputsOf(int row) => _inputs[row / RowsPerGroup];

    /// <summary>What a unit of cost in a row's inputs costs, relative to <see cref="Mean"/>.</summary>
    internal float RelativeCost(int row) => (float)(_outputs.Costs[row] / Mean);

    /// <summary>Adds to a row of errors the errors of rows before that it must make up for.</summary>
    /// <param name="row">The row.</param>
    /// <param name="errors">Of all rows before, row-major.</param>
    /// <param name="scale">Multiplies them.</param>
    /// <param name="sum">Receives one value per column.</param>
    internal void AddEarlierRows(int row, ReadOnlySpan<float> errors, float scale, Span<float> sum)
    {
        ReadOnlySpan<float> coefficients = _outputs.Coefficients(row);
        for (int i = row - (row % RowsPerGroup); i < row; i++)
        {
            if (coefficients[i] != 0) TensorPrimitives.MultiplyAdd(errors.Slice(i * Columns, Columns), scale * coefficients[i], sum, sum);
        }
    }

    /// <summary>Whether a row's errors are among those that <see cref="AddEarlierRows"/> adds to some row behind.</summary>
    internal bool IsMadeUpForBehind(int row)
    {
        int end = row - (row % RowsPerGroup) + RowsPerGroup;
        for (int behind = row + 1; behind < end; behind++)
        {
            if (_outputs.Coefficients(behind)[row] != 0) return true;
        }

        return false;
    }

    /// <summary>What errors cost.</summary>
    /// <param name="original">The weights, row-major.</param>
    /// <param name="changed">What they become.</param>
    /// <exception cref="ArgumentException">A length is not that of the tensor.</exception>
    public double Cost(ReadOnlySpan<float> original, ReadOnlySpan<float> changed)
    {
        if (original.Length != (long)Rows * Columns) throw new ArgumentException($"{original.Length} weights are not {Rows} rows of {Columns}.", nameof(original));
        UniformQuantizer.RequireSameLength(original.Length, changed.Length, nameof(changed));
        float[] errors = new float[original.Length];
        TensorPrimitives.Subtract(changed, original, errors);
        float[] joined = new float[Columns];
        double sum = 0;
        for (int row = 0; row < Rows; row++)
        {
            errors.AsSpan(row * Columns, Columns).CopyTo(joined);
            AddEarlierRows(row, errors, 1, joined);
            TriangularFactors inputs = InputsOf(row);
            for (int column = 0; column < Columns; column++)
            {
                double error = joined[column] + TensorPrimitives.Dot(inputs.Coefficients(column), joined.AsSpan(0, column));
                sum += (double)_outputs.Costs[row] * inputs.Costs[column] * error * error;
            }
        }

        return sum;
    }

    private static int Side(double[] matrix, string parameter)
    {
        int side = (int)Math.Sqrt(matrix.Length);
        if (side == 0 || side > LargestSide || matrix.Length != (long)side * side) throw new ArgumentException($"{matrix.Length} values are no square matrix of 1 to {LargestSide} rows.", parameter);
        return side;
    }

    // Rows of different groups see different inputs, of which the products are not known.
    private void Separate(double[] outputs)
    {
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (i / RowsPerGroup != j / RowsPerGroup) outputs[(i * Rows) + j] = 0;
            }
        }
    }
}
