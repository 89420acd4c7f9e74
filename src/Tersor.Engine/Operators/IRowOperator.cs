namespace Tersor.Engine.Operators;

/// <summary>
/// An operator whose input 1 is a weight with a row per output: each output is the inner product of its row with the inputs at some place. The rows may be stored as columns.
/// </summary>
internal interface IRowOperator
{
    /// <summary>Groups of rows that see different inputs; 0 where this node's weight is not made of such rows.</summary>
    int RowGroups { get; }

    /// <summary>Whether the weight is stored with a column per output, and the outputs of a place lie side by side; else those of an output do.</summary>
    bool HasColumns { get; }

    /// <summary>Weights of a row.</summary>
    int RowLength { get; }

    /// <summary>Places for each sample.</summary>
    int PlacesPerSample { get; }

    /// <summary>Writes the inputs that the rows of a group see: for each weight of a row those of all places of a sample, side by side.</summary>
    /// <param name="context">Holds the input.</param>
    /// <param name="sample">Index within the batch.</param>
    /// <param name="group">Index of the group of rows.</param>
    /// <param name="inputs">Receives <see cref="PlacesPerSample"/> values for each weight.</param>
    /// <param name="stride">Values from those of one weight to those of the next.</param>
    void WriteInputs(OperatorContext context, int sample, int group, Span<float> inputs, int stride);
}
