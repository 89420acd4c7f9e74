namespace Tersor.Compression.Budgets;

/// <summary>A journal is not one of the search that is to go on with it.</summary>
public sealed class SearchJournalException(string message, Exception? inner = null) : Exception(message, inner);
