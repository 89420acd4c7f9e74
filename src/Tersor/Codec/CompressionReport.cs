using Tersor.Models;
using Tersor.Plans;
using Tersor.Quantization;
using Tersor.Quantization.Prediction;

namespace Tersor.Codec;

/// <summary>What became of one tensor.</summary>
public sealed record TensorReport
{
    /// <summary>The tensor's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its element type in the source.</summary>
    public required ElementType ElementType { get; init; }

    /// <summary>Its dimensions.</summary>
    public required TensorShape Shape { get; init; }

    /// <summary>The method that was taken, after falling back where a method did not pay.</summary>
    public required TensorMethod Method { get; init; }

    /// <summary>Quantization parameter; null for exact methods.</summary>
    public int? Qp { get; init; }

    /// <summary>Step size that the QP stands for; null for exact methods.</summary>
    public double? StepSize { get; init; }

    /// <summary>Whether the levels make up for one another's errors.</summary>
    public bool Compensated { get; init; }

    /// <summary>What errors were weighted by when the levels were chosen.</summary>
    public ErrorWeighting Weighting { get; init; }

    /// <summary>Whether rows have factors of their own.</summary>
    public bool LocalScaling { get; init; }

    /// <summary>The bound that every weight keeps; null for other methods.</summary>
    public ErrorBound? ErrorBound { get; init; }

    /// <summary>What weights are predicted from; <see cref="Predictor.Zero"/> for other methods.</summary>
    public Predictor Predictor { get; init; }

    /// <summary>Bytes in the source.</summary>
    public required long SourceBytes { get; init; }

    /// <summary>
    /// Bytes of the tensor's units in the file, headers included; 0 where it travels inside the topology. Tables of shared values are counted apart.
    /// </summary>
    public required long Bytes { get; init; }

    /// <summary>Signal-to-quantization-noise ratio in dB; positive infinity where nothing changed.</summary>
    public double SqnrDb { get; init; } = double.PositiveInfinity;

    /// <summary>Largest absolute difference to the source.</summary>
    public double MaxAbsError { get; init; }

    /// <summary>Bits of the file per element.</summary>
    public double BitsPerElement => Shape.ElementCount == 0 ? 0 : 8.0 * Bytes / Shape.ElementCount;
}

/// <summary>What a compression did: where every byte of the file went.</summary>
public sealed record CompressionReport
{
    /// <summary>One entry per tensor of the model, in its order.</summary>
    public required IReadOnlyList<TensorReport> Tensors { get; init; }

    /// <summary>Bytes of start unit and model parameter set.</summary>
    public required long HeaderBytes { get; init; }

    /// <summary>Bytes of the topology unit, deflated.</summary>
    public required long TopologyBytes { get; init; }

    /// <summary>Bytes of the unit with the tables of <see cref="TensorMethod.Shared"/> tensors; 0 where there are none.</summary>
    public required long TableBytes { get; init; }

    /// <summary>Bytes of the whole file: headers, topology, tensors and tables.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>The plan with everything decided (methods, N, scan): it replays to the same bytes.</summary>
    public required CompressionPlan Plan { get; init; }

    /// <summary>What a user should know: fallbacks, types that come back wider.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
