namespace Tersor.Fuzz;

/// <summary>A reader broke a rule that is not about exceptions: memory, or what must come back.</summary>
public sealed class FuzzFindingException(string message, Exception? inner = null) : Exception(message, inner);
