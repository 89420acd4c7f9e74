namespace Tersor.Compression.Budgets;

/// <summary>What the trials of a journal are of. Settings of plans are not in it, as every trial is filed under all of its own.</summary>
/// <param name="Tool">Which program, of which version.</param>
/// <param name="Model">Digest of the network and its weights.</param>
/// <param name="Data">Digest of the samples that trials are judged on, and of the statistics that levels depend on.</param>
/// <param name="Format">Version of the journal's layout.</param>
public sealed record JournalSubject(string Tool, string Model, string Data, string Format = JournalSubject.CurrentFormat)
{
    /// <summary>The layout that is written and read here.</summary>
    public const string CurrentFormat = "tersor.search.1";

    internal void CheckAgainst(JournalSubject wanted, string path)
    {
        string? other = Model != wanted.Model ? "of another model" : Data != wanted.Data ? "of other data, another seed or other preprocessing" : Tool != wanted.Tool ? $"by {Tool}, this is {wanted.Tool}" : null;
        if (other is not null) throw new SearchJournalException($"{path}: the trials in this journal are {other}; name another file, or remove it");
    }
}
