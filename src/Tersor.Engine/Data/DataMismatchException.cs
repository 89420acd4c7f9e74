namespace Tersor.Engine.Data;

/// <summary>Data and model are both sound, but not made for each other: shapes, classes, targets or channels differ. The message shows both sides.</summary>
/// <param name="message">What the data has and what the model takes.</param>
public sealed class DataMismatchException(string message) : Exception(message);
