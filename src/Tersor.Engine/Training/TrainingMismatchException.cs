namespace Tersor.Engine.Training;

/// <summary>A checkpoint is sound but belongs to a training with other settings, data or starting weights. The message names the differences.</summary>
/// <param name="message">What differs, and what to do.</param>
public sealed class TrainingMismatchException(string message) : Exception(message);
